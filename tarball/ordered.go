package tarball

import (
	"bytes"
	"encoding/json"
	"errors"
)

// ordered is a JSON object whose members keep their order.
type ordered[T any] []pair[T]

type pair[T any] struct {
	key   string
	value T
}

// UnmarshalJSON implements [json.Unmarshaler].
func (o *ordered[T]) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return errors.New("not an object")
	}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := tok.(string)
		p := pair[T]{key: key}
		if err := dec.Decode(&p.value); err != nil {
			return err
		}
		*o = append(*o, p)
	}
	return nil
}
