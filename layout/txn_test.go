package layout_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/layout"
)

func transaction(t *testing.T, dir string) *layout.Txn {
	t.Helper()
	txn, err := layout.OpenDir(dir, layout.DirOptions{}).Transaction(t.Context(), layout.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = txn.Close() })
	return txn
}

// An archive that comes through a pipe is staged as it passes, and read back from what was staged.
func TestCreateBlob(t *testing.T) {
	for _, algorithm := range []digest.Algorithm{digest.SHA256, digest.SHA384, digest.SHA512} {
		t.Run(algorithm.String(), func(t *testing.T) {
			txn := transaction(t, filepath.Join(t.TempDir(), "layout"))
			w, err := txn.Create(t.Context(), algorithm)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{"one ", "", "two"} {
				if _, err := w.Write([]byte(part)); err != nil {
					t.Fatal(err)
				}
			}
			d, err := w.Commit()
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Errorf("Close after Commit: %v", err)
			}
			if want := (image.Descriptor{Digest: algorithm.FromString("one two"), Size: 7}); !cmp.Equal(want, d) {
				t.Errorf("Commit = %v, want %v", d, want)
			}
			for _, src := range []image.Source{txn, txn.Staged()} {
				blob, err := src.Open(t.Context(), d)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(image.VerifyReader(blob.Reader(), d), blob.Close()); err != nil {
					t.Error(err)
				}
			}
			if err := txn.Put(t.Context(), d, strings.NewReader("not read")); err != nil {
				t.Errorf("Put of a blob that was created: %v", err)
			}
		})
	}
}

func TestCreateGivenUp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	txn := transaction(t, dir)
	w, err := txn.Create(t.Context(), digest.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("given up")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if _, err := w.Commit(); err == nil {
		t.Error("Commit after Close succeeds")
	}
	if _, err := txn.Create(t.Context(), "md5"); err == nil {
		t.Error("Create of an md5 blob succeeds")
	}
	if err := txn.Close(); err != nil {
		t.Error(err)
	}
	wantClean(t, dir)
}

// What no root reaches is dropped by Commit; what was staged and is reached stays.
func TestCommitDropsTheRest(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	src := imagetest.Sample(t)
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	graph, err := image.Walk(t.Context(), src, roots)
	if err != nil {
		t.Fatal(err)
	}
	txn := transaction(t, dir)
	if err := image.Copy(t.Context(), txn, src, graph, image.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := txn.Commit(t.Context(), roots[:1]); err != nil {
		t.Fatal(err)
	}
	if err := txn.Close(); err != nil {
		t.Errorf("Close after Commit: %v", err)
	}
	wantClean(t, dir)
}

// A commit of roots whose documents are damaged or contradict each other changes nothing.
func TestCommitRefusesDamage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	txn := transaction(t, dir)
	raw := []byte(`{"config":{},"manifests":[]}`)
	d := image.Descriptor{MediaType: "application/vnd.oci.image.index.v1+json", Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	if err := txn.Put(t.Context(), d, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if err := txn.Commit(t.Context(), []image.Root{{Descriptor: d}}); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("Commit = %v, want damage", err)
	}
	if err := txn.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is there: %v", err)
	}
	wantClean(t, dir)
}

func TestPromise06Spec22Heal(t *testing.T) {
	content := imagetest.Layer(t, "a", strings.Repeat("content", 1000))
	d := digest.FromBytes(content)
	for _, test := range []struct {
		name   string
		damage func(file string) error
	}{
		{"a flipped bit", func(f string) error {
			bad := bytes.Clone(content)
			bad[700] ^= 4
			return os.WriteFile(f, bad, 0o600)
		}},
		{"shorter", func(f string) error { return os.WriteFile(f, content[:100], 0o600) }},
		{"longer", func(f string) error { return os.WriteFile(f, append(bytes.Clone(content), 0), 0o600) }},
		{"empty", func(f string) error { return os.WriteFile(f, nil, 0o600) }},
		{"missing", func(string) error { return nil }},
		{"a symbolic link", func(f string) error { return os.Symlink("/etc/passwd", f) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := imagetest.Image(t, "a", content)
			dir := committed(t, src)
			file := blobFile(dir, d)
			if err := errors.Join(os.Remove(file), test.damage(file)); err != nil {
				t.Fatal(err)
			}
			imagetest.CopyTo(t, layout.OpenDir(dir, layout.DirOptions{}), src)
			wantClean(t, dir)
			info, err := os.Lstat(file)
			if err != nil || info.Mode() != 0o444 {
				t.Errorf("the blob has mode %v, %v", info.Mode(), err)
			}
		})
	}
}

// snapshot lists the files of a directory with what changes when they are written.
func snapshot(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		lines = append(lines, fmt.Sprint(path, info.Mode(), info.Size(), info.ModTime().UnixNano()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestPromise09NothingIsWritten(t *testing.T) {
	src := imagetest.Sample(t)
	dir := committed(t, src)
	before := snapshot(t, dir)
	folder, err := os.Stat(filepath.Join(dir, "blobs", "sha256"))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	imagetest.CopyTo(t, layout.OpenDir(dir, layout.DirOptions{}), src)
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("files (-once +twice):\n%s", diff)
	}
	now, err := os.Stat(filepath.Join(dir, "blobs", "sha256"))
	if err != nil || !now.ModTime().Equal(folder.ModTime()) {
		t.Errorf("the folder of the blobs has changed: %v", err)
	}
}

func TestPromise01ManyAtOnce(t *testing.T) {
	const n = 32
	for _, exists := range []bool{false, true} {
		t.Run(fmt.Sprintf("directory exists %t", exists), func(t *testing.T) {
			dir := filepath.Join(imagetest.MemoryDir(t), "layout")
			if exists {
				mkdir(t, dir)
			}
			errs := make(chan error, n)
			var group sync.WaitGroup
			for i := range n {
				src := imagetest.Image(t, fmt.Sprintf("image%d", i), imagetest.Layer(t, "base", "base"), imagetest.Layer(t, "i", strconv.Itoa(i)))
				group.Go(func() { errs <- copyTo(t.Context(), layout.OpenDir(dir, layout.DirOptions{}), src) })
			}
			group.Wait()
			close(errs)
			for err := range errs {
				if err != nil {
					t.Error(err)
				}
			}
			roots, err := open(t, dir).Roots(t.Context())
			if err != nil || len(roots) != n {
				t.Errorf("%d roots, %v, want %d", len(roots), err, n)
			}
			wantClean(t, dir)
		})
	}
}

// Whoever waits for the lock stops when its context ends.
func TestLockWaitEnds(t *testing.T) {
	dir := committed(t, imagetest.Image(t, "a", imagetest.Layer(t, "a", "1")))
	d := layout.OpenDir(dir, layout.DirOptions{})
	err := d.Update(t.Context(), func([]image.Root) ([]image.Root, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := d.Update(ctx, func(old []image.Root) ([]image.Root, error) { return old, nil })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 2*time.Second {
			t.Errorf("Update inside Update = %v after %v", err, time.Since(begin))
		}
		return nil, errReader
	})
	if !errors.Is(err, errReader) {
		t.Errorf("Update = %v, want the error of its function", err)
	}
	wantClean(t, dir)
}

var errReader = errors.New("an error of a test")

// A reader that is cut fails the Put with its own error, and one that never says anything does not hang it.
func TestPutOddReaders(t *testing.T) {
	txn := transaction(t, filepath.Join(t.TempDir(), "layout"))
	d := image.Descriptor{Digest: digest.FromString("x"), Size: 1}
	if err := txn.Put(t.Context(), d, silent{}); err == nil {
		t.Error("Put from a reader that returns nothing succeeds")
	}
	if err := txn.Put(t.Context(), d, strings.NewReader("x")); err != nil {
		t.Error(err)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }
