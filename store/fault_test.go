package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/store"
)

func TestMain(m *testing.M) {
	imagetest.Main(m, map[string]func([]string) error{
		"load":  childLoad,
		"rmi":   childRemove,
		"prune": childPrune,
		"read":  childRead,
	})
}

// childT is what the builders of imagetest need of a test, for a process that is none.
type childT struct{ testing.TB }

func (childT) Helper()                  {}
func (childT) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
func (childT) Context() context.Context { return context.Background() }

// childLoad loads an image with this name and content into a store.
func childLoad(args []string) error {
	runtime.LockOSThread() // so that most system calls are one thread's, and strace can count them
	dir, name, content := args[0], args[1], args[2]
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return err
	}
	t := childT{}
	return load(s, imagetest.Image(t, name, imagetest.Layer(t, "base", "base"), imagetest.Layer(t, "content", content)))
}

func load(s *store.Store, src image.Source) error {
	ctx := context.Background()
	roots, err := src.Roots(ctx)
	if err != nil {
		return err
	}
	graph, err := image.Walk(ctx, src, roots)
	if err != nil {
		return err
	}
	txn, err := s.Begin(ctx, store.BeginOptions{})
	if err != nil {
		return err
	}
	defer txn.Close()
	if err := image.Copy(ctx, txn, src, graph, image.CopyOptions{}); err != nil {
		return err
	}
	return txn.Commit(ctx, roots)
}

func childRemove(args []string) error {
	runtime.LockOSThread()
	s, err := store.Open(args[0], store.Options{})
	if err != nil {
		return err
	}
	_, err = s.Remove(context.Background(), args[1], store.RemoveOptions{})
	return err
}

func childPrune(args []string) error {
	runtime.LockOSThread()
	s, err := store.Open(args[0], store.Options{})
	if err != nil {
		return err
	}
	_, err = s.Prune(context.Background(), store.PruneOptions{Remove: func(r image.Root) bool { return strings.HasPrefix(string(r.Name), "docker.io/library/old") }})
	return err
}

// childRead reads everything in a store.
func childRead(args []string) error {
	var warnings []error
	s, err := store.Open(args[0], store.Options{Warn: func(text string) { warnings = append(warnings, errors.New(text)) }})
	if err != nil {
		return err
	}
	ctx := context.Background()
	if _, err := s.Resolve(ctx, "kept"); err != nil {
		return err
	}
	if _, err := s.Usage(ctx); err != nil {
		return err
	}
	roots, err := s.Roots(ctx)
	if err != nil {
		return err
	}
	graph, err := image.Walk(ctx, s, roots)
	if err != nil {
		return err
	}
	for _, d := range graph.Blobs() {
		blob, err := s.Open(ctx, d)
		if err != nil {
			return err
		}
		if err := errors.Join(image.VerifyReader(blob.Reader(), d), blob.Close()); err != nil {
			return err
		}
	}
	return errors.Join(warnings...)
}

// names returns the names in a store as they are without a sweep, after checking that all of it is whole.
func names(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if err != nil || !strings.HasSuffix(string(raw), "}") {
		t.Fatalf("index.json: %v: %q", err, raw)
	}
	s := open(t, dir)
	imagetest.Digests(t, s)
	roots, err := s.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range roots {
		list = append(list, r.Label())
	}
	return strings.Join(list, " ")
}

// wantSwept opens a store, and fails the test unless it has nothing in staging then, and no blob that no root reaches.
func wantSwept(t *testing.T, dir string) {
	t.Helper()
	s := open(t, dir)
	left, err := filepath.Glob(filepath.Join(dir, ".imgtool", "staging", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in staging: %v, %v", left, err)
	}
	usage, err := s.Usage(t.Context())
	if err != nil || usage.Unreferenced > 0 {
		t.Errorf("%d bytes of blobs that no root reaches, %v", usage.Unreferenced, err)
	}
}

// jobs are commands that change a store which holds kept and old, and what they make of it.
var jobs = []struct {
	name   string
	child  string
	args   []string
	before string
	after  string
}{
	{"first load", "load", []string{"new", "1"}, "", "new:latest"},
	{"load", "load", []string{"new", "1"}, "kept:latest old:latest", "kept:latest old:latest new:latest"},
	{"load what is there", "load", []string{"kept", "kept"}, "kept:latest old:latest", "kept:latest old:latest"},
	{"rmi", "rmi", []string{"old"}, "kept:latest old:latest", "kept:latest"},
	{"prune", "prune", nil, "kept:latest old:latest", "kept:latest"},
}

// prepared returns a store for a job, a copy of one that was made once.
func prepared(t *testing.T, before string) func(t *testing.T) string {
	t.Helper()
	model := filepath.Join(imagetest.MemoryDir(t), "model")
	for name := range strings.FieldsSeq(before) {
		name = strings.TrimSuffix(name, ":latest")
		if err := childLoad([]string{model, name, name}); err != nil {
			t.Fatal(err)
		}
	}
	return func(t *testing.T) string {
		dir := filepath.Join(imagetest.MemoryDir(t), "store")
		if before != "" {
			if err := os.CopyFS(dir, os.DirFS(model)); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
}

func TestPromise02KillAnywhere(t *testing.T) {
	for _, job := range jobs {
		t.Run(job.name, func(t *testing.T) {
			fresh := prepared(t, job.before)
			var dir string
			imagetest.Inject(t, imagetest.Injection{Calls: imagetest.Changing, Action: "signal=SIGKILL", Samples: 6},
				func(t *testing.T) *exec.Cmd {
					dir = fresh(t)
					return imagetest.Child(t, job.child, append([]string{dir}, job.args...)...)
				},
				func(t *testing.T, _ bool, _ string) {
					if got := names(t, dir); got != job.before && got != job.after {
						t.Fatalf("images %q, want %q or %q", got, job.before, job.after)
					}
					wantSwept(t, dir)
					redo(t, dir, job.child, job.args, job.after)
				})
		})
	}
}

// redo runs a job again, to its end.
func redo(t *testing.T, dir, child string, args []string, after string) {
	t.Helper()
	out, err := imagetest.Child(t, child, append([]string{dir}, args...)...).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "no image") { // it was removed the first time
		t.Fatalf("the same command again: %v: %s", err, out)
	}
	if diff := cmp.Diff(after, names(t, dir)); diff != "" {
		t.Errorf("images after the same command again (-want +got):\n%s", diff)
	}
	wantSwept(t, dir)
}

func TestPromise05DiskErrors(t *testing.T) {
	for _, in := range []imagetest.Injection{
		{Calls: "write", Action: "error=ENOSPC"},
		{Calls: "fsync", Action: "error=EIO"},
		{Calls: "renameat", Action: "error=EDQUOT"},
		{Calls: "mkdirat", Action: "error=ENOSPC"},
		{Calls: "fchmod", Action: "error=EIO"},
	} {
		for _, job := range jobs[:2] {
			t.Run(in.Calls+" "+job.name, func(t *testing.T) {
				fresh := prepared(t, job.before)
				in.Samples = 2
				var dir string
				imagetest.Inject(t, in, func(t *testing.T) *exec.Cmd {
					dir = fresh(t)
					return imagetest.Child(t, job.child, append([]string{dir}, job.args...)...)
				}, func(t *testing.T, failed bool, stderr string) {
					left, err := filepath.Glob(filepath.Join(dir, ".imgtool", "staging", "*"))
					if err != nil || len(left) > 0 {
						t.Errorf("left in staging: %v, %v", left, err)
					}
					got := names(t, dir)
					if failed && (!strings.Contains(stderr, dir) || !hasCause(stderr)) {
						t.Errorf("the message has no path or no cause: %s", stderr)
					}
					if !failed && got != job.after || got != job.before && got != job.after {
						t.Errorf("failed: %t, images %q", failed, got)
					}
					wantSwept(t, dir)
					redo(t, dir, job.child, job.args, job.after)
				})
			})
		}
	}
}

func hasCause(stderr string) bool {
	for _, cause := range []string{"no space left on device", "input/output error", "disk quota exceeded"} {
		if strings.Contains(stderr, cause) {
			return true
		}
	}
	return false
}

// A file system that knows no hard links, or a blob that cannot have another, is no reason to fail.
func TestPromise05NoHardLinks(t *testing.T) {
	for _, errno := range []string{"EPERM", "EMLINK", "EXDEV", "EOPNOTSUPP"} {
		fresh := prepared(t, "kept:latest old:latest")
		var dir string
		imagetest.Inject(t, imagetest.Injection{Calls: "linkat", Action: "error=" + errno},
			func(t *testing.T) *exec.Cmd {
				dir = fresh(t)
				return imagetest.Child(t, "load", dir, "new", "kept")
			}, func(t *testing.T, failed bool, stderr string) {
				if failed {
					t.Fatal(stderr)
				}
				if diff := cmp.Diff("kept:latest old:latest new:latest", names(t, dir)); diff != "" {
					t.Error(diff)
				}
				wantSwept(t, dir)
			})
	}
}
