package tarball_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/tarball"
)

// FuzzOpen opens archives of any bytes. Whatever fails is of a kind that callers know, and what is listed can be read
// or says why not.
func FuzzOpen(f *testing.F) {
	layer := string(imagetest.Layer(f, "a", "1"))
	config := configOf(f, layer)
	id := strings.Repeat("1", 64)
	for _, members := range [][]string{
		{"c", config, "l", layer, "manifest.json", toJSON(f, []listing{{"c", []string{"a:1"}, []string{"l"}}})},
		{"c", config, "l", gzipped(f, layer), "m", "-> l", "manifest.json", `[{"config":"c","layers":["m"]}]`},
		{"c", config, "l", xzed(f, layer), "manifest.json", toJSON(f, []listing{{"c", nil, []string{"l"}}})},
		{id + "/json", `{"id":"` + id + `"}`, id + "/layer.tar", layer, "repositories", `{"a":{"1":"` + id + `"}}`},
		{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`, "index.json", `{"manifests":[{"digest":"sha256:` + id + `","size":1}]}`, "manifest.json", "[{}]"},
		{"manifest.json", `{"schemaVersion":2,"config":{"digest":"sha256:` + id + `"},"layers":[]}`, id, config},
	} {
		f.Add(imagetest.Layer(f, members...))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		fsys, err := tarfs.Open(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return
		}
		_, err = readAll(context.Background(), fsys, tarball.Options{})
		if err == nil {
			return
		}
		for _, kind := range []error{image.ErrDamaged, image.ErrMissing, image.ErrNotFound} {
			if errors.Is(err, kind) {
				return
			}
		}
		t.Errorf("error has no kind: %v", err)
	})
}
