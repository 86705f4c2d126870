package tarfs_test

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/internal/tarscan"
)

// inside is an archive that must not be read outside of its bounds.
type inside struct {
	t *testing.T
	*strings.Reader
}

func (r inside) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > r.Size() {
		r.t.Errorf("read of %d bytes at %d of %d", len(p), off, r.Size())
	}
	return r.Reader.ReadAt(p, off)
}

// FuzzOpen opens everything that an archive shows.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(archiveOf(f, file("./a/b", "text"), symlink("l", "../a/b"), hardLink("h", "l"), dirMember("a"))))
	f.Add([]byte(archiveOf(f, symlink("a", "b"), symlink("b", "a"), hardLink("c", "c"), file("../x", ""), file("d\xff", ""))))
	f.Add([]byte(sparseArchive()))
	f.Fuzz(func(t *testing.T, b []byte) {
		archive := refreshed(b)
		tree, err := tarfs.Open(inside{t, strings.NewReader(archive)}, int64(len(archive)))
		if err != nil {
			if !errors.Is(err, tarscan.ErrFormat) {
				t.Errorf("Open: %v", err)
			}
			return
		}
		err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if !fs.ValidPath(name) {
				t.Errorf("invalid name %q", name)
			}
			visit(t, tree, name, d)
			return nil
		})
		if err != nil {
			t.Errorf("walk: %v", err)
		}
		if again, err := tarfs.Read(strings.NewReader(archive), keepFirst); err != nil || len(again.Unsafe()) != len(tree.Unsafe()) {
			t.Errorf("Read differs from Open: %v", err)
		}
	})
}

func keepFirst(_ *tarscan.Header, data io.Reader) (tarfs.Content, error) {
	b, err := io.ReadAll(io.LimitReader(data, 1<<10))
	return kept(b), err
}

func visit(t *testing.T, tree *tarfs.FS, name string, d fs.DirEntry) {
	t.Helper()
	opened, err := tree.Open(name)
	if err != nil {
		if d.Type().IsRegular() || d.IsDir() {
			t.Errorf("Open(%q): %v", name, err)
		}
		return
	}
	defer opened.Close()
	in, err := opened.Stat()
	if err != nil || d.Type() != fs.ModeSymlink && in.Mode().Type() != d.Type() {
		t.Errorf("Stat(%q): %v, %v; listed as %v", name, in, err, d)
		return
	}
	if in.IsDir() {
		return
	}
	n, err := io.Copy(io.Discard, io.LimitReader(opened, 1<<20))
	if err != nil || n != min(in.Size(), 1<<20) {
		t.Errorf("%q: read %d of %d bytes, %v", name, n, in.Size(), err)
	}
}

// refreshed gives blocks that look like headers a good checksum, so that the
// fuzzer gets further than to the first.
func refreshed(b []byte) string {
	b = append([]byte(nil), b...)
	for i := 0; i+512 <= len(b); i += 512 {
		block := b[i : i+512]
		if string(block[154:156]) != "\x00 " {
			continue
		}
		copy(block[148:], "        ")
		sum := 0
		for _, c := range block {
			sum += int(c)
		}
		for j := range 6 {
			block[148+j] = '0' + byte(sum>>(15-3*j)&7)
		}
		block[154] = 0
	}
	return string(b)
}
