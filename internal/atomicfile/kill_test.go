//go:build unix

package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMain is, when a test asks for it, a process that begins a file and waits to be killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("ATOMICFILE_BEGIN"); path != "" {
		beginAndWait(path, begins[os.Getenv("ATOMICFILE_HOW")])
	}
	os.Exit(m.Run())
}

func beginAndWait(path string, begin func(string, fs.FileMode) (*File, error)) {
	f, err := begin(path, 0o666)
	if err == nil {
		_, err = io.WriteString(f, "half of it")
	}
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString("begun\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = f.Close() // keeps it alive until here
	os.Exit(0)
}

// startChild returns once the child has begun its file; kill ends it.
func startChild(t *testing.T, path, how string) (kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), "ATOMICFILE_BEGIN="+path, "ATOMICFILE_HOW="+how)
	stdin, err1 := child.StdinPipe()
	stdout, err2 := child.StdoutPipe()
	if err := errors.Join(err1, err2, child.Start()); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = child.Process.Kill()
		_ = child.Wait() // it says that the child was killed
		_ = stdin.Close()
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "begun\n" {
		kill()
		t.Fatalf("child: %q, %v", line, err)
	}
	return kill
}

var ours = regexp.MustCompile(`^\.out\.tar\.imgtool-[0-9a-f]{16}$`)

// A killed process leaves at most a temporary name, and the next one removes it; while it lives nobody does.
func TestSpec19Kill(t *testing.T) {
	for how := range begins {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "out.tar")
			kill := startChild(t, path, how)
			defer kill()
			living := list(t, dir)
			sweep(dir)
			if diff := cmp.Diff(living, list(t, dir)); diff != "" {
				t.Errorf("the file of a living process was swept: %s", diff)
			}
			kill()
			for _, name := range list(t, dir) {
				if !ours.MatchString(name) {
					t.Errorf("left by the killed process: %q", name)
				}
			}
			f, err := Create(path, 0o666)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(f, "whole"); err != nil {
				t.Error(err)
			}
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"out.tar"}, list(t, dir)); diff != "" || read(t, path) != "whole" {
				t.Errorf("%s; content %q", diff, read(t, path))
			}
		})
	}
}

// Only what has our kind of name and is a file is swept.
func TestSpec19Sweep(t *testing.T) {
	dir := t.TempDir()
	stale := ".x.imgtool-0123456789abcdef"
	kept := []string{
		".x.imgtool-0123456789abcde", ".x.imgtool-0123456789abcdeF", "x.imgtool-0123456789abcdef", ".x-0123456789abcdef",
		".x.imgtool-0123456789abcdef.tar",
	}
	for _, name := range append(kept, stale) {
		write(t, filepath.Join(dir, name), "")
	}
	target := filepath.Join(t.TempDir(), "target")
	write(t, target, "")
	link, sub := ".link.imgtool-0123456789abcdef", ".dir.imgtool-0123456789abcdef"
	if err := errors.Join(os.Symlink(target, filepath.Join(dir, link)), os.Mkdir(filepath.Join(dir, sub), 0o700)); err != nil {
		t.Fatal(err)
	}
	f, err := Create(filepath.Join(dir, "out"), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	left := strings.Join(list(t, dir), " ")
	for _, name := range append(kept, link, sub) {
		if !strings.Contains(" "+left+" ", " "+name+" ") {
			t.Errorf("%q was swept", name)
		}
	}
	if strings.Contains(" "+left+" ", " "+stale+" ") {
		t.Errorf("%q was not swept", stale)
	}
	if _, err := os.Stat(target); err != nil {
		t.Error(err)
	}
}

// A name as long as the file system allows leaves room for ours.
func TestLongName(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", maxName))
	for name, begin := range begins {
		f, err := begin(path, 0o600)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := f.Commit(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
