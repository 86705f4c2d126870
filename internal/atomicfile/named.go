package atomicfile

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

const (
	mark    = ".imgtool-"
	maxName = 255 // bytes of a file name, on every file system of note
	tries   = 100
)

// temporary is what our names look like, and nothing else.
var temporary = regexp.MustCompile(`^\..*\.imgtool-[0-9a-f]{16}$`)

// temporaryName returns a new name beside path.
func temporaryName(path string) string {
	dir, base := filepath.Split(path)
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	tail := mark + hex.EncodeToString(random[:])
	base = base[:min(len(base), maxName-len(tail)-1)]
	return dir + "." + base + tail
}

// beginNamed begins a file that has a temporary name until it is committed.
func beginNamed(path string, perm fs.FileMode) (*File, error) {
	for range tries {
		name := temporaryName(path)
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if lock(f) && stands(f, name) {
			return &File{File: f, path: path, temp: name}, nil
		}
		_ = f.Close() // somebody swept it between its creation and our lock
	}
	return nil, fs.ErrExist
}

// rename gives a file with a temporary name its own.
func (f *File) rename() error {
	if err := os.Rename(f.temp, f.path); err != nil {
		return err
	}
	f.temp = ""
	return nil
}

// tempNamed returns a file in dir whose name is removed at once.
func tempNamed(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".scratch"+mark+"*")
	if err != nil {
		return nil, fmt.Errorf("create temporary file in %s: %w", dir, cause(err))
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("remove temporary file in %s: %w", dir, cause(err))
	}
	return f, nil
}

// sweep removes what killed processes left in dir. It is best effort: what cannot be read, locked or removed stays.
func sweep(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	entries, _ := d.ReadDir(-1)
	for _, e := range entries {
		if e.Type().IsRegular() && temporary.MatchString(e.Name()) {
			sweepFile(filepath.Join(dir, e.Name()))
		}
	}
}

func sweepFile(name string) {
	f, err := openNoFollow(name)
	if err != nil {
		return
	}
	defer f.Close()
	if lock(f) && stands(f, name) {
		_ = os.Remove(name)
	}
}

// stands reports whether name is still that of the open file.
func stands(f *os.File, name string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(name)
	return err == nil && os.SameFile(ours, there)
}
