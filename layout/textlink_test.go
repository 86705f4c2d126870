package layout_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/layout"
)

// A layout checked out of git without symbolic links has the targets of its links as text.
func TestLinksAsText(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string // in the place of the layer's blob
		kind error
	}{
		{"a target in the layout", "../../rootfs.tar", nil},
		{"a target that is not there", "../../gone.tar", image.ErrMissing},
		{"a target outside", "../../../rootfs.tar", image.ErrDamaged},
		{"no link", "rootfs.tar", image.ErrDamaged},
		{"more than a link", "../../rootfs.tar\n", image.ErrDamaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "layout")
			src := imagetest.Image(t, "app:1", imagetest.Layer(t, "etc/a", "1"))
			imagetest.CopyTo(t, layout.OpenDir(dir, layout.DirOptions{}), src)
			roots, err := src.Roots(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			m, err := image.ReadManifest(t.Context(), src, roots[0].Descriptor)
			if err != nil {
				t.Fatal(err)
			}
			blob := filepath.Join(dir, "blobs", "sha256", m.Layers[0].Digest.Encoded())
			if err := os.Rename(blob, filepath.Join(dir, "rootfs.tar")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(blob, []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			l, err := layout.Open(root.FS(), layout.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := readLayer(t, l, roots); !errors.Is(err, tt.kind) {
				t.Errorf("got %v, want %v", err, tt.kind)
			}
		})
	}
}

// readLayer reads the layer of an image and returns what is wrong with it.
func readLayer(t *testing.T, src image.Source, roots []image.Root) error {
	t.Helper()
	g, err := image.Walk(t.Context(), src, roots)
	if err != nil {
		return err
	}
	if _, err := g.Require(); err != nil {
		return err
	}
	d := g.Tops[0].Manifest.Layers[0]
	blob, err := src.Open(t.Context(), d)
	if err != nil {
		return err
	}
	defer blob.Close()
	return image.VerifyReader(blob.Reader(), d)
}
