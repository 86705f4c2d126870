package image

import (
	"errors"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Two readers, one of which believes the data, must not see two configs.
func TestWalkRefusesDataOfOtherBytes(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		ok         bool
	}{
		{"the blob's", "{}", true},
		{"of another length", "{ }", false},
		{"of the same length", "[]", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p place
			config := p.Add("application/example", []byte("{}"))
			config.Data = []byte(tt.data)
			raw, err := NewManifest(config, nil)
			if err != nil {
				t.Fatal(err)
			}
			d := p.Add(ocispec.MediaTypeImageManifest, raw)
			_, err = Walk(t.Context(), &p, roots(d))
			if tt.ok != (err == nil) || !tt.ok && !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}
