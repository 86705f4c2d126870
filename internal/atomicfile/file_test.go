package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// begins are the two ways to begin a file; where there are no nameless files the first is the second.
var begins = map[string]func(string, fs.FileMode) (*File, error){"best": begin, "named": beginNamed}

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestPromise10Commit(t *testing.T) {
	for name, begin := range begins {
		for _, before := range []string{"", "old"} {
			t.Run(name+" over "+before, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "out.tar")
				if before != "" {
					write(t, path, before)
				}
				f, err := begin(path, 0o666)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(f, "new"); err != nil {
					t.Fatal(err)
				}
				if before == "" {
					if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("before Commit the file is there: %v", err)
					}
				} else if got := read(t, path); got != before {
					t.Errorf("before Commit the file has %q", got)
				}
				if err := f.Commit(); err != nil {
					t.Fatal(err)
				}
				if got := read(t, path); got != "new" {
					t.Errorf("the file has %q", got)
				}
				if diff := cmp.Diff([]string{"out.tar"}, list(t, dir)); diff != "" {
					t.Error(diff)
				}
				if err := f.Close(); err != nil {
					t.Errorf("Close after Commit: %v", err)
				}
				if err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
					t.Errorf("second Commit: %v", err)
				}
			})
		}
	}
}

func TestPromise10Close(t *testing.T) {
	for name, begin := range begins {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "out.tar")
			write(t, path, "old")
			f, err := begin(path, 0o666)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(f, "new"); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(f.Close(), f.Close()); err != nil {
				t.Errorf("Close: %v", err)
			}
			if diff := cmp.Diff([]string{"out.tar"}, list(t, dir)); diff != "" || read(t, path) != "old" {
				t.Errorf("%s; content %q", diff, read(t, path))
			}
		})
	}
}

// What another process has put there in the meantime is replaced, as if we had come later.
func TestCommitOverNewcomer(t *testing.T) {
	for name, begin := range begins {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			f, err := begin(path, 0o666)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			write(t, path, "newcomer")
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != "" {
				t.Errorf("the file has %q", got)
			}
		})
	}
}

func TestMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	for name, begin := range begins {
		for _, before := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "out")
			if before {
				write(t, path, "old")
			}
			f, err := begin(path, 0o666)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode(); got != 0o640 {
				t.Errorf("%s, replacing %t: mode %v", name, before, got)
			}
		}
	}
}

func TestCreateRandomAccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f, err := Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, 3)
	_, e1 := f.ReadFrom(strings.NewReader("abcdef"))
	_, e2 := f.WriteAt([]byte("XY"), 1)
	_, e3 := f.ReadAt(buf, 1)
	_, e4 := f.Seek(0, io.SeekEnd)
	if err := errors.Join(e1, e2, e3, e4, f.Commit()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "aXYdef" || string(buf) != "XYd" || f.Name() != path {
		t.Errorf("content %q, read %q, name %q", got, buf, f.Name())
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "")
	for _, link := range [][2]string{{"loop", "loop"}, {"todir", "."}, {"nowhere", "missing/out"}} {
		if err := os.Symlink(link[1], filepath.Join(dir, link[0])); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, path string
		want       error
		words      string
	}{
		{"directory", "", syscall.EISDIR, ""},
		{"directory with a slash", "./", syscall.EISDIR, ""},
		{"slash behind a new name", "new/", fs.ErrNotExist, "directory"},
		{"symlink to a directory", "todir", syscall.EISDIR, ""},
		{"no directory", "missing/out", fs.ErrNotExist, "directory " + dir + "/missing/: "},
		{"symlink into no directory", "nowhere", fs.ErrNotExist, "/missing/: "},
		{"file as a directory", "file/out", syscall.ENOTDIR, "directory " + dir + "/file/: "},
		{"symlink to itself", "loop", syscall.ELOOP, ""},
		{"name too long", strings.Repeat("x", 256), syscall.ENAMETOOLONG, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := list(t, dir)
			path := dir + "/" + tt.path
			_, err := Create(path, 0o666)
			if !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), "create "+path+": ") || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("Create: %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(before, list(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A symlink is followed, as the kernel would follow it, and stays.
func TestCreateThroughSymlinks(t *testing.T) {
	tests := []struct{ name, link, target, want string }{
		{"to a file", "link", "sub/file", "sub/file"},
		{"to nothing yet", "link", "sub/new", "sub/new"},
		{"up from a linked directory", "link", "toSub/../file", "deep/file"},
		{"in a linked directory", "toSub/link", "../beside", "deep/beside"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := errors.Join(
				os.MkdirAll(filepath.Join(dir, "deep", "sub"), 0o700),
				os.Mkdir(filepath.Join(dir, "sub"), 0o700),
				os.Symlink("deep/sub", filepath.Join(dir, "toSub")),
				os.Symlink(tt.target, filepath.Join(dir, tt.link)),
			); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "sub", "file"), "old")
			f, err := Create(filepath.Join(dir, tt.link), 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := io.WriteString(f, "new"); err != nil {
				t.Fatal(err)
			}
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			if got := read(t, filepath.Join(dir, tt.want)); got != "new" {
				t.Errorf("the target has %q", got)
			}
			if target, err := os.Readlink(filepath.Join(dir, tt.link)); err != nil || target != tt.target {
				t.Errorf("the link leads to %q, %v", target, err)
			}
		})
	}
}

func TestTemp(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, open := range []func(string) (*os.File, error){Temp, tempNamed} {
		for _, where := range []string{dir, filepath.Join(dir, "missing")} {
			f, err := open(where)
			if where != dir {
				if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), where) {
					t.Errorf("Temp in a directory that is not there: %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteAt([]byte("x"), 1<<20); err != nil {
				t.Error(err)
			}
			if names := list(t, dir); names != nil {
				t.Errorf("names in the directory: %q", names)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	f, err := Temp("")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
}
