//go:build unix

package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestPromise10DevFull(t *testing.T) {
	f, err := Create("/dev/full", 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, "x"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Write: %v", err)
	}
	if info, err := os.Stat("/dev/full"); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		t.Errorf("/dev/full is no device any more: %v, %v", info, err)
	}
}

func TestCreateDevNull(t *testing.T) {
	f, err := Create(os.DevNull, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, "x"); err != nil {
		t.Error(err)
	}
	if err := f.Commit(); err != nil {
		t.Errorf("Commit: %v", err)
	}
}

func TestCreateFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	got := make(chan string)
	go func() {
		raw, err := os.ReadFile(path)
		got <- fmt.Sprint(string(raw), err)
	}()
	f, err := Create(path, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, "x"); err != nil {
		t.Error(err)
	}
	if err := f.Commit(); err != nil {
		t.Error(err)
	}
	if s := <-got; s != "x<nil>" {
		t.Errorf("the reader got %q", s)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("it is no pipe any more: %v, %v", info, err)
	}
}

// What the shell has opened for us is written where it stands: nothing before it is lost, nothing behind it replaced.
func TestCreateDescriptor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "redirected")
	shell, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	for _, dir := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if _, err := io.WriteString(shell, "before "); err != nil {
			t.Fatal(err)
		}
		f, err := Create(fmt.Sprint(dir, shell.Fd()), 0o666)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, "ours "); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(shell, "behind "); err != nil {
			t.Errorf("the descriptor was closed: %v", err)
		}
	}
	if got, want := read(t, path), strings.Repeat("before ours behind ", 2); got != want {
		t.Errorf("the file has %q, want %q", got, want)
	}
	if _, err := Create("/dev/fd/9999", 0o666); !errors.Is(err, unix.EBADF) {
		t.Errorf("a descriptor that is not open: %v", err)
	}
}

func TestCreateInReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil { //nolint:gosec // it is a directory
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(dir, "out"), 0o666); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Create: %v", err)
	}
}
