package atomicfile

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// smallFileSystem mounts one of 64 KiB; only root may.
func smallFileSystem(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestCreateOnReadOnlyFileSystem(t *testing.T) {
	dir := smallFileSystem(t)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
	if _, err := Create(filepath.Join(dir, "out"), 0o666); !errors.Is(err, syscall.EROFS) {
		t.Errorf("Create: %v", err)
	}
	if _, err := Temp(dir); !errors.Is(err, syscall.EROFS) {
		t.Errorf("Temp: %v", err)
	}
}

// procfs has no nameless files, nor any others: the fallback is tried, and its error told.
func TestCreateWhereNothingCanBe(t *testing.T) {
	if _, err := Create("/proc/self/out", 0o666); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Create: %v", err)
	}
}
