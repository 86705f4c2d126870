package tarball_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/tarball"
)

// TestPlainLayersAreNotRead opens an archive whose plain layer cannot be read beyond its head.
func TestPlainLayersAreNotRead(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	config := configOf(t, layer)
	fsys := &countingFS{FS: openTar(t, "c", config, "l", layer, "manifest.json", toJSON(t, []listing{{"c", nil, []string{"l"}}}))}
	a, err := tarball.Open(t.Context(), fsys, tarball.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if fsys.read["l"] > 512 {
		t.Errorf("%d bytes of the layer were read", fsys.read["l"])
	}
}

// countingFS counts the bytes that are read of each file.
type countingFS struct {
	fs.FS
	read map[string]int
}

func (c *countingFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return &countingFile{File: f, fs: c, name: name}, nil
}

type countingFile struct {
	fs.File
	fs   *countingFS
	name string
}

func (f *countingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.(io.ReaderAt).ReadAt(p, off)
	if f.fs.read == nil {
		f.fs.read = map[string]int{}
	}
	f.fs.read[f.name] += n
	return n, err
}

// TestKnownDigests opens an archive whose compressed layer was hashed before.
func TestKnownDigests(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	config, blob := configOf(t, layer), gzipped(t, layer)
	fsys := &countingFS{FS: openTar(t, "c", config, "l", blob, "manifest.json", toJSON(t, []listing{{"c", nil, []string{"l"}}}))}
	for _, tt := range []struct {
		name string
		size int64
		want bool // whether it is believed
	}{{"right size", int64(len(blob)), true}, {"wrong size", 1, false}} {
		t.Run(tt.name, func(t *testing.T) {
			fsys.read = nil
			a, err := tarball.Open(t.Context(), fsys, tarball.Options{Digest: func(name string) (digest.Digest, int64, bool) {
				return digest.FromString(blob), tt.size, name == "l"
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if unread := fsys.read["l"] < len(blob); unread != tt.want {
				t.Errorf("%d of %d bytes were read", fsys.read["l"], len(blob))
			}
		})
	}
}

// TestDamagedImageLeavesOthers reads the second image of an archive whose first one is incomplete.
func TestDamagedImageLeavesOthers(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	config := configOf(t, layer)
	fsys := openTar(t, "c", config, "l", layer, "manifest.json", toJSON(t, []listing{
		{"c", []string{"bad:1"}, []string{"gone/layer.tar"}}, {"c", []string{"good:1"}, []string{"l"}},
	}))
	a, err := tarball.Open(t.Context(), fsys, tarball.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	roots, err := a.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g, err := image.Walk(t.Context(), a, roots)
	if !errors.Is(err, image.ErrMissing) {
		t.Errorf("error is %v, should match ErrMissing", err)
	}
	for _, word := range []string{"gone/layer.tar", hex(layer)[:12]} {
		if err != nil && !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not name %s", err, word)
		}
	}
	if g.Tops[0].Whole() || !g.Tops[1].Whole() || g.Roots[1].Name.Familiar() != "good:1" {
		t.Errorf("roots are %+v", g.Roots)
	}
}

func TestCancel(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	fsys := openTar(t, "c", configOf(t, layer), "l", gzipped(t, layer), "manifest.json", toJSON(t, []listing{{"c", nil, []string{"l"}}}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tarball.Open(ctx, fsys, tarball.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, should be Canceled", err)
	}
}

// TestSkopeoDir reads what `skopeo copy … dir:` writes.
func TestSkopeoDir(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	src := imagetest.Image(t, "", []byte(layer))
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := image.ReadDocument(t.Context(), src, roots[0].Descriptor)
	if err != nil {
		t.Fatal(err)
	}
	m, err := image.ReadManifest(t.Context(), src, roots[0].Descriptor)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := image.ReadDocument(t.Context(), src, m.Config)
	if err != nil {
		t.Fatal(err)
	}
	config := string(blob)
	got, err := readAll(t.Context(), openTar(t, "version", "Directory Transport Version: 1.1\n",
		"manifest.json", string(raw), hex(config), config, hex(layer), layer), tarball.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.generation != tarball.Dir || !got.images[hex(config)+" "+hex(layer)[:12]] {
		t.Errorf("%v: %v", got.generation, got.images)
	}
	_, err = readAll(t.Context(), openTar(t, "manifest.json", string(raw), hex(config), config), tarball.Options{})
	if !errors.Is(err, image.ErrMissing) {
		t.Errorf("without the layer the error is %v, should match ErrMissing", err)
	}
}

// TestHostile21ForeignLayer reads an image whose lowest layer may not be distributed: where it could be had is kept.
func TestHostile21ForeignLayer(t *testing.T) {
	base, layer := string(imagetest.Layer(t, "base", "1")), string(imagetest.Layer(t, "a", "1"))
	foreign := image.Descriptor{
		MediaType: image.MediaTypeDockerForeignLayer, Digest: digest.FromString("gzip of base"), Size: 7,
		URLs: []string{"https://example.com/base"},
	}
	entry := map[string]any{
		"Config": "c", "Layers": []string{"base", "l"}, "LayerSources": map[digest.Digest]any{digest.FromString(base): foreign},
	}
	fsys := openTar(t, "c", configOf(t, base, layer), "l", layer, "manifest.json", toJSON(t, []any{entry}))
	m := manifests(t, fsys)[0]
	if diff := cmp.Diff(foreign, m.Layers[0]); diff != "" {
		t.Errorf("layer (-want +got):\n%s", diff)
	}
	entry["LayerSources"] = nil
	fsys = openTar(t, "c", configOf(t, base, layer), "l", layer, "manifest.json", toJSON(t, []any{entry}))
	if _, err := readAll(t.Context(), fsys, tarball.Options{}); !errors.Is(err, image.ErrMissing) {
		t.Errorf("without a source the error is %v, should match ErrMissing", err)
	}
}
