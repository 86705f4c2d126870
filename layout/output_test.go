package layout_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/layout"
)

func TestPromise10OutputDirectory(t *testing.T) {
	for _, test := range []struct {
		name    string
		make    func(dir string) error
		refused bool
	}{
		{"that does not exist", func(string) error { return nil }, false},
		{"that is empty", func(dir string) error { return os.Mkdir(dir, 0o755) }, false},
		{"with other files", func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600))
		}, true},
		{"that is a file", func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, true},
		{"in a directory that does not exist", func(dir string) error { return os.Remove(filepath.Dir(dir)) }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "parent", "out")
			mkdir(t, filepath.Dir(dir))
			if err := test.make(dir); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, filepath.Dir(filepath.Dir(dir)))
			txn, err := layout.OpenDir(dir, layout.DirOptions{}).Begin(t.Context())
			if (err != nil) != test.refused {
				t.Fatalf("Begin = %v; refused: %t", err, test.refused)
			}
			if test.refused {
				if diff := cmp.Diff(before, snapshot(t, filepath.Dir(filepath.Dir(dir)))); diff != "" {
					t.Errorf("files (-before +after):\n%s", diff)
				}
				return
			}
			src := imagetest.Sample(t)
			roots, err := src.Roots(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			graph, err := image.Walk(t.Context(), src, roots)
			if err != nil {
				t.Fatal(err)
			}
			if err := image.Copy(t.Context(), txn, src, graph, image.CopyOptions{}); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "index.json")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("index.json before Commit: %v", err)
			}
			if err := txn.Commit(t.Context(), roots); err != nil {
				t.Fatal(err)
			}
			wantClean(t, dir)
			wantMode(t, dir, fs.ModeDir|0o755)
			wantMode(t, filepath.Join(dir, "index.json"), 0o644)
		})
	}
}

func wantMode(t *testing.T, name string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != want {
		t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
	}
}

// stale leaves what a killed command leaves: a staging folder that nobody holds.
func stale(t *testing.T, folder string, journal ...string) {
	t.Helper()
	mkdir(t, folder, "layout")
	for name, content := range map[string]string{"lock": "", "1": "bytes", "journal": strings.Join(journal, "\n") + "\n", "layout/x": ""} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSpec19Sweep(t *testing.T) {
	src := imagetest.Sample(t)
	dir := committed(t, src)
	referenced := imagetest.Digests(t, src)[0]
	orphan := src.Add("text/plain", []byte("orphan"))
	if err := os.WriteFile(blobFile(dir, orphan.Digest), []byte("orphan"), 0o600); err != nil {
		t.Fatal(err)
	}
	held := transaction(t, dir)
	stale(t, filepath.Join(dir, ".imgtool-stale"), referenced.String(), orphan.Digest.String(), "sha256:../../index.json", "junk")
	mkdir(t, dir, ".imgtool-empty")
	stale(t, filepath.Join(filepath.Dir(dir), ".layout.imgtool-stale"))
	if err := layout.OpenDir(dir, layout.DirOptions{}).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".imgtool-*"))
	if err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v, want the folder of the transaction alone", left, err)
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
	wantClean(t, dir)
}

// Where a document that is reached cannot be read, nothing is known of what it needs, and no blob is removed.
func TestSweepIsCareful(t *testing.T) {
	src := imagetest.Image(t, "a", imagetest.Layer(t, "a", "1"))
	dir := committed(t, src)
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(blobFile(dir, roots[0].Digest)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(blobFile(dir, roots[0].Digest), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := layout.OpenDir(dir, layout.DirOptions{})
	before, err := d.Blobs()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, b := range before {
		all = append(all, b.Digest.String())
	}
	stale(t, filepath.Join(dir, ".imgtool-stale"), all...)
	if err := d.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := d.Collect(t.Context(), layout.CollectOptions{All: true}); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("Collect = %v, want damage", err)
	}
	after, err := d.Blobs()
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Errorf("blobs (-before +after): %v\n%s", err, diff)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".imgtool-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestCollect(t *testing.T) {
	src := imagetest.Sample(t)
	dir := committed(t, src)
	d := layout.OpenDir(dir, layout.DirOptions{})
	if err := os.WriteFile(blobFile(dir, src.Add("text/plain", []byte("orphan")).Digest), []byte("orphan"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := func(old []image.Root) ([]image.Root, error) { return old[:1], nil }
	lost, err := d.Collect(t.Context(), layout.CollectOptions{Edit: first})
	if err != nil || len(lost) == 0 {
		t.Errorf("Collect = %v, %v", lost, err)
	}
	orphans, err := d.Collect(t.Context(), layout.CollectOptions{All: true})
	if err != nil || len(orphans) != 1 || orphans[0].Size != 6 {
		t.Errorf("Collect of all = %v, %v, want the orphan", orphans, err)
	}
	wantClean(t, dir)
	before := snapshot(t, dir)
	if more, err := d.Collect(t.Context(), layout.CollectOptions{All: true}); err != nil || len(more) > 0 {
		t.Errorf("Collect again = %v, %v", more, err)
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}
