package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// begin begins a file without a name, or, where there is no such thing, with a temporary one.
func begin(path string, perm fs.FileMode) (*File, error) {
	f, err := nameless(filepath.Dir(path), perm, 0)
	if errors.Is(err, errors.ErrUnsupported) {
		return beginNamed(path, perm)
	}
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(descriptorPath(f)); err != nil { // no /proc: it could never be named
		_ = f.Close()
		return beginNamed(path, perm)
	}
	lock(f) // for the moment in which it has a temporary name
	return &File{File: f, path: path}, nil
}

// nameless opens a file without a name. The error matches [errors.ErrUnsupported] where the file system has none.
func nameless(dir string, perm fs.FileMode, flags int) (*os.File, error) {
	for {
		fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC|flags, uint32(perm.Perm()))
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), filepath.Join(dir, "(nameless)")), nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EISDIR), errors.Is(err, unix.EINVAL):
			return nil, fmt.Errorf("open %s: %w", dir, errors.ErrUnsupported)
		}
		return nil, err
	}
}

// publish gives the file its name. A file cannot be linked over another, so to replace one it gets a temporary name.
func (f *File) publish() error {
	if f.temp != "" {
		return f.rename()
	}
	err := f.link(f.path)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	for range tries {
		name := temporaryName(f.path)
		err := f.link(name)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		f.temp = name
		return f.rename()
	}
	return fs.ErrExist
}

func (f *File) link(name string) error {
	return unix.Linkat(unix.AT_FDCWD, descriptorPath(f.File), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
}

func descriptorPath(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }

// Temp returns a file for scratch data in dir, or in the system's directory for such files if dir is empty. It has no
// name, and is gone once it is closed, or its process has ended.
func Temp(dir string) (*os.File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	f, err := nameless(dir, 0o600, unix.O_EXCL)
	if errors.Is(err, errors.ErrUnsupported) {
		return tempNamed(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("create temporary file in %s: %w", dir, err)
	}
	return f, nil
}
