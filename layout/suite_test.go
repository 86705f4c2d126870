package layout_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/layout"
)

func TestDir(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(t *testing.T, dir string) layout.DirOptions
	}{
		{"a directory that does not exist", func(*testing.T, string) layout.DirOptions { return layout.DirOptions{} }},
		{"an empty directory", func(t *testing.T, dir string) layout.DirOptions {
			mkdir(t, dir)
			return layout.DirOptions{}
		}},
		{"a directory with a state folder", func(t *testing.T, dir string) layout.DirOptions {
			mkdir(t, dir, ".state/staging")
			return layout.DirOptions{State: ".state"}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			imagetest.TestStore(t, func(t *testing.T) imagetest.Place {
				dir := filepath.Join(t.TempDir(), "out")
				opts := test.make(t, dir)
				t.Cleanup(func() { wantClean(t, dir) })
				return imagetest.Place{Sink: layout.OpenDir(dir, opts), Read: func(t *testing.T) image.Source {
					if _, err := os.Stat(filepath.Join(dir, "index.json")); err != nil {
						return nil
					}
					return open(t, dir)
				}}
			})
		})
	}
}

func mkdir(t *testing.T, elem ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(elem...), 0o755); err != nil {
		t.Fatal(err)
	}
}

// open reads a directory as any layout is read.
func open(t *testing.T, dir string) *layout.Layout {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	l, err := layout.Open(root.FS(), layout.Options{Warn: func(text string) { t.Errorf("warning: %s", text) }})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// wantClean fails the test if there is anything in a directory, or beside it, but a layout and an empty staging folder,
// or if the layout has a blob that no root reaches.
func wantClean(t *testing.T, dir string) {
	t.Helper()
	beside, err := filepath.Glob(filepath.Join(filepath.Dir(dir), ".*.imgtool-*"))
	if err != nil || len(beside) > 0 {
		t.Errorf("left beside the directory: %v, %v", beside, err)
	}
	for _, pattern := range []string{".imgtool-*", ".state/staging/*", ".imgtool/staging/*"} {
		left, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(left) > 0 {
			t.Errorf("left in the directory: %v, %v", left, err)
		}
	}
	blobs, err := layout.OpenDir(dir, layout.DirOptions{}).Blobs()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "index.json")); err != nil {
		if len(blobs) > 0 {
			t.Errorf("%d blobs without an index.json", len(blobs))
		}
		return
	}
	if reached := len(imagetest.Digests(t, layout.OpenDir(dir, layout.DirOptions{}))); reached != len(blobs) {
		t.Errorf("%d blobs, of which the roots reach %d", len(blobs), reached)
	}
}
