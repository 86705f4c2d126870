package tarfs_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/internal/tarscan"
)

// TestFixtures opens real image archives and compares the number of their files
// with what an independent reader counted.
func TestFixtures(t *testing.T) {
	root := os.Getenv("IMGTOOL_FIXTURES")
	if root == "" {
		t.Skip("IMGTOOL_FIXTURES is not set")
	}
	var fixtures []struct{ Name, Kind, Class string }
	decode(t, filepath.Join(root, "fixtures.json"), &fixtures)
	opened := 0
	for _, f := range fixtures {
		if f.Kind != "file" || f.Class != "image" {
			continue
		}
		var truth struct {
			Container struct {
				Members     int
				Compression string `json:"outer_compression"`
			}
		}
		decode(t, filepath.Join(root, "truth", strings.ReplaceAll(f.Name, "/", "__")+".json"), &truth)
		if truth.Container.Compression != "none" {
			continue
		}
		opened++
		t.Run(f.Name, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(root, f.Name))
			if err != nil {
				t.Fatal(err)
			}
			tree, err := tarfs.Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			if got := files(t, tree); got != truth.Container.Members || tree.Unsafe() != nil {
				t.Errorf("%d files, want %d; unsafe: %q", got, truth.Container.Members, tree.Unsafe())
			}
		})
	}
	if opened == 0 {
		t.Error("no image archive among the fixtures")
	}
}

// files counts the regular members, hard links left out, and opens what links to
// them.
func files(t *testing.T, tree *tarfs.FS) int {
	t.Helper()
	seen := map[*tarscan.Header]bool{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		in, err := tree.Stat(name)
		if err != nil {
			return err
		}
		if h, ok := in.Sys().(*tarscan.Header); ok && d.Type().IsRegular() {
			seen[h] = true
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return len(seen)
}

func decode(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("decode %s: %v", file, err)
	}
}
