//go:build !linux

package atomicfile

import (
	"io/fs"
	"os"
)

func begin(path string, perm fs.FileMode) (*File, error) { return beginNamed(path, perm) }

func (f *File) publish() error { return f.rename() }

// Temp returns a file for scratch data in dir, or in the system's directory for such files if dir is empty. Its name
// is removed at once, and it is gone once it is closed, or its process has ended.
func Temp(dir string) (*os.File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	return tempNamed(dir)
}
