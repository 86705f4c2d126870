package tarfs_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/internal/tarscan"
)

var (
	_ fs.StatFS     = (*tarfs.FS)(nil)
	_ fs.ReadDirFS  = (*tarfs.FS)(nil)
	_ fs.ReadFileFS = (*tarfs.FS)(nil)
	_ fs.ReadLinkFS = (*tarfs.FS)(nil)
)

func TestFS(t *testing.T) {
	archive := archiveOf(t,
		dirMember("./"), file("./manifest.json", "[]"), dirMember("a/"), file("a/layer.tar", "layer"),
		symlink("b/layer.tar", "../a/layer.tar"), hardLink("c", "a/layer.tar"), symlink("d", "a"), file("e/f/g", ""),
	)
	names := []string{"manifest.json", "a/layer.tar", "b/layer.tar", "c", "d", "e/f/g"}
	t.Run("random", func(t *testing.T) {
		if err := fstest.TestFS(open(t, archive), names...); err != nil {
			t.Error(err)
		}
	})
	t.Run("stream", func(t *testing.T) {
		f, err := tarfs.Read(strings.NewReader(archive), keepAll)
		if err != nil {
			t.Fatal(err)
		}
		if err := fstest.TestFS(f, names...); err != nil {
			t.Error(err)
		}
	})
	t.Run("empty", func(t *testing.T) {
		if err := fstest.TestFS(open(t, "")); err != nil {
			t.Error(err)
		}
	})
}

func keepAll(_ *tarscan.Header, data io.Reader) (tarfs.Content, error) {
	b, err := io.ReadAll(data)
	return kept(b), err
}

// TestNames tells how members become a tree.
func TestNames(t *testing.T) {
	tests := []struct {
		name    string
		members []member
		want    []string // each name of the tree, with the text of files
		unsafe  []string
	}{
		{"cleaned", []member{file("./a", "1"), file("/b", "2"), file("c//d", "3"), file("e/./f", "4"), dirMember("g///")}, []string{"a=1", "b=2", "c/", "c/d=3", "e/", "e/f=4", "g/"}, nil},
		{"the last wins", []member{file("a", "1"), file("./a", "2")}, []string{"a=2"}, nil},
		{"a directory again", []member{dirMember("d"), file("d/a", "1"), dirMember("d")}, []string{"d/", "d/a=1"}, nil},
		{"a file over a directory", []member{file("d/a", "1"), file("d", "2")}, []string{"d=2"}, nil},
		{"a member below a file", []member{file("d", "2"), file("d/a", "1")}, []string{"d/", "d/a=1"}, nil},
		{"a member below a link", []member{symlink("d", "e"), file("d/a", "1")}, []string{"d/", "d/a=1"}, nil},
		{"unsafe", []member{file("../a", "1"), file("b/../c", "2"), file("..", "3"), file("d", "4"), file("e\xff", "5"), symlink("./", "d")}, []string{"d=4"}, []string{"../a", "b/../c", "..", "e\xff", "./"}},
		{"dots that are names", []member{file("...", "1"), file("..a", "2"), file("a..", "3")}, []string{"...=1", "..a=2", "a..=3"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t, archiveOf(t, tt.members...))
			if diff := cmp.Diff(tt.want, list(t, f)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.unsafe, f.Unsafe()); diff != "" {
				t.Errorf("unsafe names (-want +got):\n%s", diff)
			}
		})
	}
}

func list(t *testing.T, f *tarfs.FS) (all []string) {
	t.Helper()
	err := fs.WalkDir(f, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
		case d.IsDir():
			all = append(all, name+"/")
		default:
			text, err := f.ReadFile(name)
			if err != nil {
				return err
			}
			all = append(all, name+"="+string(text))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestInfo(t *testing.T) {
	f := open(t, archiveOf(t, file("a", "text"), hardLink("h", "a"), hardLink("gone", "x"), file("d/a", ""), special("p", tar.TypeFifo),
		special("c", tar.TypeChar), special("b", tar.TypeBlock), symlink("l", "a")))
	entries, err := f.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range entries {
		in, err := e.Info()
		if err != nil || in.Name() != e.Name() || in.Mode().Type() != e.Type() {
			t.Errorf("%v: %v, %v", e, in, err)
		}
		got[e.Name()] = in.Mode().String()
	}
	want := map[string]string{
		"a": "-rw-r-----", "h": "-rw-r-----", "gone": "?rw-r-----", "d": "drwxr-xr-x", "p": "prw-r-----",
		"c": "Dcrw-r-----", "b": "Drw-r-----", "l": "Lrw-r-----",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
	in, err := f.Stat("h")
	if err != nil {
		t.Fatal(err)
	}
	if h, ok := in.Sys().(*tarscan.Header); !ok || h.Name != "a" || in.Size() != 4 || in.ModTime().Unix() != 1_000_000_000 {
		t.Errorf("%v of %v", in, in.Sys())
	}
	if in, err := f.Stat("d"); err != nil || in.Sys() != nil {
		t.Errorf("a directory that is left out has %v, %v", in.Sys(), err)
	}
	for _, name := range []string{"p", "c", "b"} {
		if _, err := f.Open(name); !errors.Is(err, tarfs.ErrNoContent) {
			t.Errorf("Open(%s): %v", name, err)
		}
	}
}

func TestFiles(t *testing.T) {
	for name, f := range map[string]*tarfs.FS{"plain": open(t, archiveOf(t, file("f", sparseText))), "sparse": open(t, sparseArchive())} {
		t.Run(name, func(t *testing.T) {
			opened, err := f.Open("f")
			if err != nil {
				t.Fatal(err)
			}
			if err := iotest.TestReader(opened, []byte(sparseText)); err != nil {
				t.Error(err)
			}
			var b bytes.Buffer
			if _, err := opened.(io.Seeker).Seek(1, io.SeekStart); err != nil {
				t.Error(err)
			}
			if n, err := io.Copy(&b, opened); n != 11 || err != nil || b.String() != sparseText[1:] {
				t.Errorf("WriteTo: %d, %v, %q", n, err, b.String())
			}
			if _, err := opened.(io.ReaderAt).ReadAt(make([]byte, 1), -1); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("ReadAt -1: %v", err)
			}
			if err := opened.Close(); err != nil {
				t.Error(err)
			}
			if _, err := opened.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("Read after Close: %v", err)
			}
		})
	}
}

func TestDamaged(t *testing.T) {
	archive := archiveOf(t, file("a", "text"), file("b", strings.Repeat("b", 2000)))
	for name, damaged := range map[string]string{
		"data cut off":   archive[:2000],
		"header cut off": archive[:1300],
		"bad checksum":   archive[:1024] + "x" + archive[1025:],
		"no tar":         "no tar",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tarfs.Open(strings.NewReader(damaged), int64(len(damaged))); !errors.Is(err, tarscan.ErrFormat) {
				t.Errorf("Open: %v", err)
			}
			if _, err := tarfs.Read(strings.NewReader(damaged), keepAll); !errors.Is(err, tarscan.ErrFormat) {
				t.Errorf("Read: %v", err)
			}
		})
	}
	t.Run("bytes behind the end", func(t *testing.T) {
		if got := list(t, open(t, archive+"junk")); len(got) != 2 {
			t.Errorf("tree %v", got)
		}
	})
	t.Run("archive shrinks", func(t *testing.T) {
		r := bytes.NewReader([]byte(archive))
		f, err := tarfs.Open(r, int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		r.Reset([]byte(archive[:1600]))
		if _, err := f.ReadFile("b"); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("ReadFile: %v", err)
		}
		opened, err := f.Open("b")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := opened.(io.WriterTo).WriteTo(io.Discard); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("WriteTo: %v", err)
		}
	})
}

func TestDirectories(t *testing.T) {
	f := open(t, archiveOf(t, file("d/a", ""), file("d/b", ""), file("f", "")))
	opened, err := f.Open("d")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened.Read(make([]byte, 1)); err == nil {
		t.Error("a directory is read as a file")
	}
	if _, err := f.ReadFile("d"); err == nil {
		t.Error("ReadFile reads a directory")
	}
	if _, err := f.ReadDir("f"); err == nil {
		t.Error("ReadDir lists a file")
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
	if _, err := opened.(fs.ReadDirFile).ReadDir(-1); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("ReadDir after Close: %v", err)
	}
	if err := opened.Close(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Close after Close: %v", err)
	}
	for name, lstat := range map[string]error{"gone": fs.ErrNotExist, "../f": fs.ErrInvalid} {
		_, errStat := f.Lstat(name)
		_, errLink := f.ReadLink(name)
		_, errDir := f.ReadDir(name)
		if !errors.Is(errStat, lstat) || !errors.Is(errLink, lstat) || !errors.Is(errDir, lstat) {
			t.Errorf("%s: Lstat: %v, ReadLink: %v, ReadDir: %v", name, errStat, errLink, errDir)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	f := open(t, archiveOf(t, file("a/b", "text"), symlink("l", "a")))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if text, err := fs.ReadFile(f, "l/b"); string(text) != "text" || err != nil {
					t.Errorf("%q, %v", text, err)
				}
				if entries, err := f.ReadDir("."); len(entries) != 2 || err != nil {
					t.Errorf("%v, %v", entries, err)
				}
			}
		})
	}
	wg.Wait()
}
