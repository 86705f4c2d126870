//go:build unix

package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock reports whether the file's lock is now ours. It ends with the last descriptor of the file.
func lock(f *os.File) bool {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}

// openNoFollow opens a file for reading that may have become a symlink or a pipe.
func openNoFollow(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
}

// duplicate returns the open descriptor n as a file of our own.
func duplicate(n int, name string) (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(n), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}
