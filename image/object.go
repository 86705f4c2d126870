package image

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

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

// find returns the place of a member, or -1. As in [Decode], a key that is written otherwise but for case is the same if
// there is none that is written so.
func (o *Object) find(key string) int {
	if i := slices.IndexFunc(o.members, func(m member) bool { return m.key == key }); i >= 0 {
		return i
	}
	folded := foldKey(key)
	return slices.IndexFunc(o.members, func(m member) bool { return foldKey(m.key) == folded })
}

// Value returns the bytes of a member, or nil. The case of the key does not matter.
func (o *Object) Value(key string) json.RawMessage {
	if i := o.find(key); i >= 0 {
		return o.members[i].value
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

// Set replaces a member in its place, the case of whose key does not matter, or adds it behind the others.
func (o *Object) Set(key string, value any) error {
	raw, err := Encode(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	if i := o.find(key); i >= 0 {
		o.members[i].value = raw
		return nil
	}
	o.members = append(o.members, member{key, raw})
	return nil
}

// Delete removes a member if it is there, with its key written just so.
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
