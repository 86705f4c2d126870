package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Limits on documents. They are far above what any real image has.
const (
	MaxDocument = 16 << 20 // bytes of one JSON document
	MaxNesting  = 128      // arrays and objects inside each other
	MaxValues   = 1 << 19  // arrays and objects in one document; each may take a hundred times its two bytes of memory
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
// nesting deeper than [MaxNesting]; and documents of more than [MaxValues]. A byte order mark in front is skipped. Keys
// match without regard to case.
func Decode(raw []byte, v any) error {
	if len(raw) > MaxDocument {
		return Damagef("document of %d bytes, more than %d", len(raw), MaxDocument)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	check := keyCheck{dec: dec}
	if err := check.value(true, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Damagef("bytes behind the end of the document")
	}
	return unmarshalDamage(json.Unmarshal(raw, v))
}
