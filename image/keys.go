package image

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// folded names the keys whose values are objects (or lists of objects) of fixed fields, in which case does not matter.
// All other objects are maps of users' strings, such as labels, or of no concern to us.
var folded = map[string]bool{
	"config": true, "container_config": true, "rootfs": true, "history": true, "manifests": true, "layers": true,
	"blobs": true, "subject": true, "platform": true, "healthcheck": true,
}

// foldKey returns what all keys have in common that package json takes for the same field: it knows that ſ is an s
// and K a k.
func foldKey(key string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			if next < r {
				r = next
			}
		}
		return r
	}, key))
}

// keyCheck reads a document and refuses what [Decode] does.
type keyCheck struct {
	dec    *json.Decoder
	values int // arrays and objects so far
}

// value reads one value; fold says whether keys of an object in it are compared without case.
func (c *keyCheck) value(fold bool, depth int) error {
	if depth > MaxNesting {
		return Damagef("document nested deeper than %d", MaxNesting)
	}
	tok, err := c.dec.Token()
	if err != nil {
		return syntaxDamage(err)
	}
	if _, ok := tok.(json.Delim); !ok {
		return nil
	}
	if c.values++; c.values > MaxValues {
		return Damagef("document of more than %d lists and objects", MaxValues)
	}
	if tok == json.Delim('{') {
		return c.object(fold, depth)
	}
	for c.dec.More() {
		if err := c.value(fold, depth+1); err != nil {
			return err
		}
	}
	_, err = c.dec.Token()
	return syntaxDamage(err)
}

func (c *keyCheck) object(fold bool, depth int) error {
	seen := map[string]bool{}
	for c.dec.More() {
		tok, err := c.dec.Token()
		if err != nil {
			return syntaxDamage(err)
		}
		key, _ := tok.(string)
		lower := foldKey(key)
		id := key
		if fold {
			id = lower
		}
		if seen[id] {
			return Damagef("ambiguous document: key %q stands twice", key)
		}
		seen[id] = true
		if err := c.value(fold && folded[lower], depth+1); err != nil {
			return err
		}
	}
	_, err := c.dec.Token()
	return syntaxDamage(err)
}

func syntaxDamage(err error) error {
	if errors.Is(err, io.EOF) { // the decoder says so where a value is due
		return Damagef("document ends too early")
	}
	if err != nil {
		return Damagef("%w", err)
	}
	return nil
}

// unmarshalDamage says in words of JSON what does not fit.
func unmarshalDamage(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return Damagef("%w", err)
	}
	what := "the document"
	if wrong.Field != "" {
		what = strconv.Quote(wrong.Field)
	}
	return Damagef("%s is %s, should be %s", what, jsonValue(wrong.Value), jsonKind(wrong.Type))
}

// jsonValue is what package json calls the kind of a value, in words.
func jsonValue(kind string) string {
	switch kind {
	case "object":
		return "an object"
	case "array":
		return "a list"
	case "bool":
		return "true or false"
	}
	return "a " + kind
}

// jsonKind returns what a value of a type is in JSON.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Pointer:
		return jsonKind(t.Elem())
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number of " + strconv.Itoa(t.Bits()) + " bits"
	default:
		return "something else"
	}
}
