package interop

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// lab is where the peers are, as scripts/interop has laid it out.
type lab struct {
	imgtool string // the program under test
	peers   string // directory of the peers that are Go programs
	run     string // directory of the daemons' sockets
}

// openLab returns the lab, or skips the test where there is none: only make interop starts daemons.
func openLab(t *testing.T) lab {
	t.Helper()
	run := os.Getenv("IMGTOOL_INTEROP")
	if run == "" {
		t.Skip("IMGTOOL_INTEROP is not set: make interop sets it")
	}
	return lab{imgtool: os.Getenv("IMGTOOL"), peers: os.Getenv("IMGTOOL_PEERS"), run: run}
}

// peer returns a command of a program built from a Go module.
func (l lab) peer(name string, args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(l.peers, name), args...)
}

// registry returns host and port of the registry, for the peers that read an archive only to push it.
func (l lab) registry(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(l.run, "registry"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(raw))
}

// temp returns an empty directory whose path is short and plain, which podman and regctl need.
func (l lab) temp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(l.run, "t") //nolint:usetesting // its paths are long, and have the test's name in them
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// tool runs imgtool over a store of its own, and returns its stdout and stderr. It must succeed.
func (l lab) tool(t *testing.T, store string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(l.imgtool, append([]string{"--store", store, "--progress", "none"}, args...)...)
	var out, warnings bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &warnings
	if err := cmd.Run(); err != nil {
		t.Fatalf("imgtool %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), warnings.String())
	}
	return out.String(), warnings.String()
}

// output runs a command and returns its stdout; the error tells what it wrote to stderr.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String() + stdout.String())
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, said[max(0, len(said)-600):])
	}
	return stdout.String(), nil
}

// must returns what output does, and fails the test on an error.
func must(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := output(cmd)
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
	return out
}

// produced returns the path of an archive that a real producer made: see testdata/archives/README.md.
func produced(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "testdata", "archives", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}
