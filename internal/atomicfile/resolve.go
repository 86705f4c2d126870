package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxLinks is how many symlinks one behind the other are followed; Linux follows as many.
const maxLinks = 40

// resolve returns the name of the file that path leads to, which need not exist, but whose directory does.
func resolve(path string) (string, error) {
	for range maxLinks {
		parent, base := split(path)
		dir, err := filepath.EvalSymlinks(parent)
		if err != nil {
			return "", fmt.Errorf("directory %s: %w", parent, cause(err))
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return "", fmt.Errorf("directory %s: %w", parent, notDirectory(err))
		}
		if base == "" || base == "." || base == ".." {
			return "", syscall.EISDIR
		}
		name := filepath.Join(dir, base)
		target, err := os.Readlink(name)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EINVAL): // nothing there, or no link
			return name, nil
		case err != nil:
			return "", cause(err)
		case filepath.IsAbs(target):
			path = target
		default: // not filepath.Join, which would shorten link/.. before the link is followed
			path = dir + string(filepath.Separator) + target
		}
	}
	return "", syscall.ELOOP
}

// split is filepath.Split that does not call the current directory nothing. What ends in a slash has an empty base.
func split(path string) (dir, base string) {
	dir, base = filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	return dir, base
}

func notDirectory(err error) error {
	if err != nil {
		return cause(err)
	}
	return syscall.ENOTDIR
}

// descriptor returns the number of the open descriptor that path names. Opening such a path anew would begin at the
// start of a file that the shell has redirected us to, or replace it.
func descriptor(path string) (n int, ok bool) {
	switch path {
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	for _, dir := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if digits, found := strings.CutPrefix(path, dir); found {
			n, err := strconv.ParseUint(digits, 10, 31)
			return int(n), err == nil
		}
	}
	return 0, false
}
