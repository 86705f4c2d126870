package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
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

func TestPromise05NoSpace(t *testing.T) {
	dir := smallFileSystem(t)
	for name, begin := range begins {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "out")
			write(t, path, "old")
			f, err := begin(path, 0o666)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.ReadFrom(io.LimitReader(zeros{}, 1<<20)); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("1 MiB on 64 KiB: %v", err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{"out"}, list(t, dir)); diff != "" || read(t, path) != "old" {
				t.Errorf("%s; content %q", diff, read(t, path))
			}
			var s unix.Statfs_t
			if err := unix.Statfs(dir, &s); err != nil || s.Blocks-s.Bfree > 4 {
				t.Errorf("blocks in use: %d, %v", s.Blocks-s.Bfree, err)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
