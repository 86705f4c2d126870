package store_test

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPromise05FullDisk(t *testing.T) {
	mount := t.TempDir()
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("mounting needs root: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(mount, 0); err != nil {
			t.Error(err)
		}
	}()
	dir := filepath.Join(mount, "store")
	if err := childLoad([]string{dir, "kept", "kept"}); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	err := childLoad([]string{dir, "new", strings.Repeat("large", 1<<20)})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) {
		t.Errorf("load = %v, want no space, with the path", err)
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("the store (-before +after):\n%s", diff)
	}
	if err := childLoad([]string{dir, "small", "small"}); err != nil {
		t.Errorf("a load that fits: %v", err)
	}
	if diff := cmp.Diff("kept:latest small:latest", names(t, dir)); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
}
