package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// File is a file that is not there yet. It is written as any [os.File].
type File struct {
	*os.File

	path   string // where it will stand, symlinks resolved
	temp   string // its name until then; empty if it has none
	direct bool   // a device, pipe or descriptor: there is nothing to rename
	closed bool
}

// Create begins a file that [File.Commit] will give the name path and the mode perm, less the umask. A file that has
// this name stays as it is until then. If path is a symlink, the file it leads to is made or replaced, not the link.
//
// If path is a device or a pipe, or names an open descriptor (/dev/stdout, /dev/fd/N), it is written directly, from
// where the descriptor stands. A directory is refused.
func Create(path string, perm fs.FileMode) (*File, error) {
	if n, ok := descriptor(path); ok {
		f, err := duplicate(n, path)
		if err != nil {
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
		return &File{File: f, path: path, direct: true}, nil
	}
	target, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	info, err := os.Lstat(target)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("create %s: %w", path, syscall.EISDIR)
	case err == nil && !info.Mode().IsRegular():
		return openDirect(path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("create %s: %w", path, cause(err))
	}
	sweep(filepath.Dir(target))
	f, err := begin(target, perm)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, cause(err))
	}
	return f, nil
}

func openDirect(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, cause(err))
	}
	return &File{File: f, path: path, direct: true}, nil
}

// Name returns the name that the file will have.
func (f *File) Name() string { return f.path }

// Commit writes the file to the disk, gives it its name, replacing what has it, and closes it. After an error nothing
// stays, unless the error is that of writing the directory to the disk. It is called once.
func (f *File) Commit() error {
	if f.closed {
		return fmt.Errorf("commit %s: %w", f.path, fs.ErrClosed)
	}
	if f.direct {
		return f.commitDirect()
	}
	err := f.Sync()
	if err == nil {
		err = f.publish()
	}
	if closeErr := f.Close(); err == nil { // its name is not a temporary one any more
		err = closeErr
	}
	if err == nil {
		err = syncDir(filepath.Dir(f.path))
	}
	if err != nil {
		return fmt.Errorf("commit %s: %w", f.path, cause(err))
	}
	return nil
}

// commitDirect closes a device or pipe. That these cannot be synced is no error; that they are full is one.
func (f *File) commitDirect() error {
	err := f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EROFS) {
		err = nil
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, cause(err))
	}
	return nil
}

// Close gives up a file that was not committed: nothing of it stays. After Commit it does nothing.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	var err error
	if f.temp != "" { // while the lock is still ours
		err = os.Remove(f.temp)
	}
	if closeErr := f.File.Close(); err == nil {
		err = closeErr
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// cause returns the error without the operation and path that package os puts before it, because ours says both.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	case errors.As(err, &call):
		return call.Err
	}
	return err
}
