package layout_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/layout"
)

func TestMain(m *testing.M) {
	imagetest.Main(m, map[string]func([]string) error{"write": childWrite, "sweep": childSweep})
}

// childT is what the builders of imagetest need of a test, for a process that is none.
type childT struct{ testing.TB }

func (childT) Helper()                  {}
func (childT) Fatal(args ...any)        { panic(args) }
func (childT) Context() context.Context { return context.Background() }

// childWrite writes the sample to a directory.
func childWrite(args []string) error {
	runtime.LockOSThread() // so that most system calls are one thread's, and strace can count them
	return copyTo(context.Background(), layout.OpenDir(args[0], layout.DirOptions{}), imagetest.Image(childT{}, "a",
		imagetest.Layer(childT{}, "a", "1"), imagetest.Layer(childT{}, "b", "2")))
}

func childSweep(args []string) error {
	return layout.OpenDir(args[0], layout.DirOptions{}).Sweep(context.Background())
}

// An output directory that is made anew is there as a whole or not at all, and one that was empty is a whole layout or
// none.
func TestPromise02KillOutput(t *testing.T) {
	for _, exists := range []bool{false, true} {
		var dir string
		prepare := func(t *testing.T) *exec.Cmd {
			dir = filepath.Join(imagetest.MemoryDir(t), "out")
			if exists {
				mkdir(t, dir)
			}
			return imagetest.Child(t, "write", dir)
		}
		check := func(t *testing.T, _ bool, _ string) {
			_, err := os.Stat(filepath.Join(dir, "index.json"))
			if err == nil {
				imagetest.Digests(t, open(t, dir))
			}
			if _, derr := os.Stat(dir); err != nil && !exists && !errors.Is(derr, fs.ErrNotExist) {
				t.Errorf("the directory is there, but not whole: %v, %v", err, derr)
			}
			if out, err := imagetest.Child(t, "sweep", dir).CombinedOutput(); err != nil {
				t.Fatalf("sweep: %v: %s", err, out)
			}
			wantClean(t, dir)
			if left, _ := os.ReadDir(dir); err != nil && len(left) > 0 {
				t.Errorf("left in the directory after a sweep: %v", left)
			}
			if out, err := imagetest.Child(t, "write", dir).CombinedOutput(); err != nil {
				t.Fatalf("the same command again: %v: %s", err, out)
			}
			imagetest.Digests(t, open(t, dir))
			wantClean(t, dir)
		}
		imagetest.Inject(t, imagetest.Injection{Calls: imagetest.Changing, Action: "signal=SIGKILL", Samples: 12}, prepare, check)
	}
}

// A failure leaves the place of an output as it was.
func TestPromise05OutputErrors(t *testing.T) {
	for _, in := range []imagetest.Injection{
		{Calls: "write", Action: "error=ENOSPC", Samples: 4},
		{Calls: "fsync", Action: "error=EIO", Samples: 4},
		{Calls: "renameat", Action: "error=EDQUOT", Samples: 4},
	} {
		for _, exists := range []bool{false, true} {
			var dir string
			imagetest.Inject(t, in, func(t *testing.T) *exec.Cmd {
				dir = filepath.Join(imagetest.MemoryDir(t), "out")
				if exists {
					mkdir(t, dir)
				}
				return imagetest.Child(t, "write", dir)
			}, func(t *testing.T, failed bool, stderr string) {
				if _, err := os.Stat(filepath.Join(dir, "index.json")); err == nil {
					imagetest.Digests(t, open(t, dir)) // only the very last sync may fail behind it
				} else if !failed {
					t.Error("it succeeds, and there is nothing")
				}
				if failed && stderr == "" {
					t.Error("it fails without a word")
				}
				wantClean(t, dir)
			})
		}
	}
}
