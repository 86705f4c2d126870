package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits on documents. They are far above what any real image has.
const (
	MaxDocument = 16 << 20 // bytes of one JSON document
	MaxNesting  = 128      // arrays and objects inside each other
)

// ReadDocument returns the bytes of a small blob after checking size and digest against d.
func ReadDocument(ctx context.Context, src Source, d Descriptor) ([]byte, error) {
	if err := ValidDescriptor(d); err != nil {
		return nil, err
	}
	if d.Size > MaxDocument {
		return nil, Damagef("read %s: document of %d bytes, more than %d", d.Digest, d.Size, MaxDocument)
	}
	blob, err := src.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if blob.Size != d.Size {
		return nil, Damagef("read %s: size is %d, should be %d", d.Digest, blob.Size, d.Size)
	}
	raw, err := io.ReadAll(blob.Reader())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", d.Digest, err)
	}
	if got := d.Digest.Algorithm().FromBytes(raw); got != d.Digest {
		return nil, Damagef("read %s: content has digest %s", d.Digest, got)
	}
	return raw, nil
}

// Decode parses a JSON document into v. It refuses as damage what two readers could understand in two ways: a key that
// stands twice with different values, exactly or but for case where case does not matter (CVE-2021-41190), and
// nesting deeper than [MaxNesting]. A byte order mark in front is skipped. Keys match without regard to case.
func Decode(raw []byte, v any) error {
	if len(raw) > MaxDocument {
		return Damagef("document of %d bytes, more than %d", len(raw), MaxDocument)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := checkKeys(dec, true, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Damagef("bytes behind the end of the document")
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return Damagef("%w", err)
	}
	return nil
}

// folded names the keys whose values are objects (or lists of objects) of fixed fields, in which case does not matter.
// All other objects are maps of users' strings, such as labels, or of no concern to us.
var folded = map[string]bool{
	"config": true, "container_config": true, "rootfs": true, "history": true, "manifests": true, "layers": true,
	"blobs": true, "subject": true, "platform": true, "healthcheck": true,
}

// checkKeys reads one value; fold says whether keys of an object in it are compared without case.
func checkKeys(dec *json.Decoder, fold bool, depth int) error {
	if depth > MaxNesting {
		return Damagef("document nested deeper than %d", MaxNesting)
	}
	tok, err := dec.Token()
	if err != nil {
		return syntaxDamage(err)
	}
	switch tok {
	case json.Delim('{'):
		return checkObject(dec, fold, depth)
	case json.Delim('['):
		for dec.More() {
			if err := checkKeys(dec, fold, depth+1); err != nil {
				return err
			}
		}
		_, err := dec.Token()
		return syntaxDamage(err)
	}
	return nil
}

func checkObject(dec *json.Decoder, fold bool, depth int) error {
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return syntaxDamage(err)
		}
		key, _ := tok.(string)
		lower := strings.ToLower(key)
		id := key
		if fold {
			id = lower
		}
		if seen[id] {
			return Damagef("ambiguous document: key %q stands twice", key)
		}
		seen[id] = true
		if err := checkKeys(dec, fold && folded[lower], depth+1); err != nil {
			return err
		}
	}
	_, err := dec.Token()
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

// Object is a JSON object whose members keep their order and their bytes, so that an edit of one leaves all others,
// known to us or not, as they were. The zero value is the empty object.
type Object struct{ members []member }

type member struct {
	key   string
	value json.RawMessage
}

// ParseObject reads a JSON object.
func ParseObject(raw []byte) (*Object, error) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	dec := json.NewDecoder(bytes.NewReader(raw))
	tok, err := dec.Token()
	if err != nil {
		return nil, syntaxDamage(err)
	}
	if tok != json.Delim('{') {
		return nil, Damagef("document is not an object")
	}
	o := &Object{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, syntaxDamage(err)
		}
		key, _ := tok.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, syntaxDamage(err)
		}
		o.members = append(o.members, member{key, value})
	}
	return o, nil
}

// Value returns the bytes of a member, or nil.
func (o *Object) Value(key string) json.RawMessage {
	for _, m := range o.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// Keys returns the keys of all members in order.
func (o *Object) Keys() []string {
	keys := make([]string, len(o.members))
	for i, m := range o.members {
		keys[i] = m.key
	}
	return keys
}

// Set replaces a member in its place, or adds it behind the others.
func (o *Object) Set(key string, value any) error {
	raw, err := Encode(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	for i, m := range o.members {
		if m.key == key {
			o.members[i].value = raw
			return nil
		}
	}
	o.members = append(o.members, member{key, raw})
	return nil
}

// Delete removes a member if it is there.
func (o *Object) Delete(key string) {
	kept := o.members[:0:0]
	for _, m := range o.members {
		if m.key != key {
			kept = append(kept, m)
		}
	}
	o.members = kept
}

// Bytes returns the object as compact JSON, its members in order.
func (o *Object) Bytes() []byte {
	var buf bytes.Buffer
	buf.WriteByte('{')
	for i, m := range o.members {
		if i > 0 {
			buf.WriteByte(',')
		}
		key, _ := Encode(m.key) // a string always encodes
		buf.Write(key)
		buf.WriteByte(':')
		if err := json.Compact(&buf, m.value); err != nil { // values were parsed or encoded by us
			buf.Write(m.value)
		}
	}
	buf.WriteByte('}')
	return buf.Bytes()
}

// Encode returns v as compact JSON without the escaping of <, > and & that is meant for HTML.
func Encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
