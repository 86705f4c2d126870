package store_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/store"
)

// snapshot lists everything in a directory with its mode, size and time.
func snapshot(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && !strings.HasSuffix(path, "/staging") {
			lines = append(lines, fmt.Sprint(path, info.Mode(), info.Size(), info.ModTime().UnixNano()))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestPromise11Perms(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	for _, test := range []struct {
		name string
		make func(dir string) error
	}{
		{"a store that is made", func(string) error { return nil }},
		{"an empty directory", func(dir string) error { return os.MkdirAll(dir, 0o777) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data", "store")
			if err := test.make(dir); err != nil {
				t.Fatal(err)
			}
			s := open(t, dir)
			if err := load(s, imagetest.Sample(t)); err != nil {
				t.Fatal(err)
			}
			txn, err := s.Begin(t.Context(), store.BeginOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer txn.Close()
			staging, err := filepath.Glob(filepath.Join(dir, ".imgtool", "staging", "*"))
			if err != nil || len(staging) != 1 {
				t.Fatalf("staging folders: %v, %v", staging, err)
			}
			for name, want := range map[string]fs.FileMode{
				dir:                                       fs.ModeDir | 0o700,
				filepath.Join(dir, ".imgtool/staging"):    fs.ModeDir | 0o700,
				staging[0]:                                fs.ModeDir | 0o700,
				filepath.Join(dir, "blobs"):               fs.ModeDir | 0o755,
				filepath.Join(dir, "index.json"):          0o644,
				filepath.Join(dir, "oci-layout"):          0o644,
				filepath.Join(dir, ".imgtool", "version"): 0o644,
			} {
				info, err := os.Stat(name)
				if err != nil || info.Mode() != want {
					t.Errorf("%s has mode %v, want %v; %v", name, info.Mode(), want, err)
				}
			}
			blobs, err := filepath.Glob(filepath.Join(dir, "blobs/sha256/*"))
			if err != nil || len(blobs) == 0 {
				t.Fatalf("blobs: %v, %v", blobs, err)
			}
			for _, b := range blobs {
				if info, err := os.Stat(b); err != nil || info.Mode() != 0o444 {
					t.Errorf("%s has mode %v, %v", b, info.Mode(), err)
				}
			}
		})
	}
}

func TestPromise09SameLoadTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	for _, content := range []string{"kept", "other"} {
		if err := childLoad([]string{dir, content, content}); err != nil {
			t.Fatal(err)
		}
	}
	before := snapshot(t, dir)
	for _, content := range []string{"kept", "other"} {
		if err := childLoad([]string{dir, content, content}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("the store (-once +twice):\n%s", diff)
	}
}

// TestPromise08ReadOnly reads a store as somebody who may not write there, with what a killed command has left in it.
func TestPromise08ReadOnly(t *testing.T) {
	parent := imagetest.MemoryDir(t)
	dir := filepath.Join(parent, "store")
	if err := childLoad([]string{dir, "kept", "kept"}); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, ".imgtool", "staging", "stale")
	if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(folder, "lock"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(parent, 0o755), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	cmd := imagetest.Child(t, "read", dir)
	cmd.Dir = "/"
	if os.Getuid() == 0 {
		cmd.Path = copied(t, cmd.Path, parent)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	} else {
		locked := []string{dir, filepath.Join(dir, ".imgtool"), filepath.Dir(folder), folder}
		for _, d := range locked {
			if err := os.Chmod(d, 0o500); err != nil {
				t.Fatal(err)
			}
		}
		before = snapshot(t, dir)
		defer func() {
			for _, d := range locked {
				_ = os.Chmod(d, 0o700)
			}
		}()
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("read: %v: %s", err, out)
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("the store (-before +after):\n%s", diff)
	}
}

// copied returns a copy of a program where everybody can run it.
func copied(t *testing.T, program, dir string) string {
	t.Helper()
	in, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	name := filepath.Join(dir, "program")
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close(), os.Chmod(name, 0o755)); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a newer store", map[string]string{".imgtool/version": "2\n"}, "a newer imgtool is needed"},
		{"a version that is no number", map[string]string{".imgtool/version": "one"}, "not a number"},
		{"another directory", map[string]string{"thesis.txt": ""}, "no store"},
		{"nothing", nil, ""},
		{"this version", map[string]string{".imgtool/version": "1\n"}, ""},
		{"a store that is just being made", map[string]string{".imgtool/staging/x/lock": ""}, ""},
		{"a layout of another tool", map[string]string{"oci-layout": `{"imageLayoutVersion":"1.0.0"}`, "index.json": `{"manifests":[]}`}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range test.files {
				file := filepath.Join(dir, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(content), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			s, err := store.Open(dir, store.Options{})
			if (err != nil) != (test.want != "") || err != nil && (!strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), dir)) {
				t.Fatalf("Open = %v, want %q", err, test.want)
			}
			if err != nil {
				return
			}
			if err := load(s, imagetest.Sample(t)); err != nil {
				t.Error(err)
			}
			imagetest.Digests(t, s)
		})
	}
}

// A store that does not exist reads as empty and is not made by reading.
func TestNoStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	s := open(t, dir)
	if roots, err := s.Roots(t.Context()); len(roots) > 0 || err != nil {
		t.Errorf("Roots = %v, %v", roots, err)
	}
	if _, err := s.Usage(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := s.Prune(t.Context(), store.PruneOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is there: %v", err)
	}
}
