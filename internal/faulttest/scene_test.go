package faulttest_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/imagetest"
)

// full reports whether all cases are to be tried, not samples.
func full() bool { return os.Getenv("IMGTOOL_FAULTS") == "full" || imagetest.Full() }

// A scene is a directory with all that a command changes: its store, its outputs in "out", and its $TMPDIR.
type scene struct {
	dir string
	in  string // what it reads; scenes share it
}

// newScene makes an empty scene in memory, whose inputs are those of makeInputs.
func newScene(t *testing.T, in string) scene {
	t.Helper()
	return sceneIn(t, imagetest.MemoryDir(t), in)
}

func sceneIn(t *testing.T, dir, in string) scene {
	t.Helper()
	for _, name := range []string{"out", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return scene{dir, in}
}

func (s scene) path(name string) string { return filepath.Join(s.dir, name) }

func (s scene) store() string { return s.path("store") }

// copyScene returns a copy of a scene.
func copyScene(t *testing.T, s scene) scene {
	t.Helper()
	dir := imagetest.MemoryDir(t)
	if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "store"), 0o700); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return scene{dir, s.in}
}

// command returns a command of imgtool in the scene. In the arguments {in} is the directory of inputs.
func (s scene) command(args ...string) *exec.Cmd {
	line := strings.NewReplacer("{in}", s.in).Replace(strings.Join(args, "\x00"))
	cmd := exec.Command(os.Getenv(binaryVariable), strings.Split(line, "\x00")...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "IMGTOOL_STORE="+s.store(), "TMPDIR="+s.path("tmp"), "HOME="+s.dir, "GOMAXPROCS=2")
	return cmd
}

// A result is how a command has ended.
type result struct {
	code           int // -1 if a signal has killed it
	stdout, stderr string
}

// finish runs a command to its end.
func finish(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &stderr
	}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	} else if ok {
		return result{exit.ExitCode(), stdout.String(), stderr.String()}
	}
	return result{0, stdout.String(), stderr.String()}
}

// must runs imgtool, which has to succeed, and returns what it prints.
func (s scene) must(t *testing.T, args ...string) string {
	t.Helper()
	r := finish(t, s.command(args...))
	if r.code != 0 {
		t.Fatalf("imgtool %s: exit %d: %s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// A state is what somebody sees who comes to a scene: the images of the store, and the outputs, each whole.
type state struct {
	Store []string
	Out   map[string]string // a digest, or the images of a layout
}

// temporary are names of what lies beside an output until it is complete.
var temporary = regexp.MustCompile(`^\..*\.imgtool-[0-9a-z]{16}$`)

// state looks at a scene. Temporaries are left out.
func (s scene) state(t *testing.T) state {
	t.Helper()
	st := state{auditLayout(t, s.store()).Images, map[string]string{}}
	for path, what := range contents(t, s.path("out")) {
		name, _, nested := strings.Cut(path, string(filepath.Separator))
		switch {
		case temporary.MatchString(name), nested, name == ".":
		case strings.HasPrefix(what, "d"):
			st.Out[name] = strings.Join(auditLayout(t, filepath.Join(s.path("out"), name)).Images, "\n")
		default:
			st.Out[name] = what
		}
	}
	return st
}

// isState reports whether a state is one of those.
func isState(got state, states ...state) bool {
	for _, st := range states {
		if cmp.Equal(got, st) {
			return true
		}
	}
	return false
}

// wantStoreAtRest fails the test if the store has anything that it should not have at rest.
func (s scene) wantStoreAtRest(t *testing.T) {
	t.Helper()
	a := auditLayout(t, s.store())
	if len(a.Stray)+len(a.Unreferenced) > 0 {
		t.Errorf("left in the store: %q; blobs that no image has: %q", a.Stray, a.Unreferenced)
	}
	if left := contents(t, s.path("store/.imgtool/staging")); len(left) > 1 {
		t.Errorf("left in staging: %q", left)
	}
}

// wantNoTemporaries fails the test if anything lies in $TMPDIR, or beside an output or in it.
func (s scene) wantNoTemporaries(t *testing.T) {
	t.Helper()
	if left := contents(t, s.path("tmp")); len(left) > 1 {
		t.Errorf("left in TMPDIR: %q", left)
	}
	for path := range contents(t, s.path("out")) {
		if base := filepath.Base(path); temporary.MatchString(base) || strings.HasPrefix(base, ".imgtool") {
			t.Errorf("left: out/%s", path)
		}
	}
}

// everything returns all that a scene holds, but for what a store keeps for itself.
func (s scene) everything(t *testing.T) map[string]string {
	t.Helper()
	all := contents(t, s.dir)
	maps.DeleteFunc(all, func(path, _ string) bool {
		return strings.HasPrefix(path, filepath.Join("store", ".imgtool")) || path == "."
	})
	return all
}
