package faulttest_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaryVariable names the binary to test. Without it, it is built.
const binaryVariable = "IMGTOOL"

func TestMain(m *testing.M) {
	os.Exit(withBinary(m.Run))
}

// withBinary runs the tests with a binary, and removes it afterwards.
func withBinary(run func() int) int {
	if os.Getenv(binaryVariable) != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "imgtool-faulttest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	lookAtSources()
	binary := filepath.Join(dir, "imgtool")
	build := exec.Command("go", "build", "-o", binary, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	if err := os.Chmod(dir, 0o755); err != nil { // another user runs it too
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv(binaryVariable, binary)
	return run()
}

// lookAtSources lists the folders of the module. go test repeats an old result unless something has changed that the test
// has looked at, and it knows nothing of what is built here.
func lookAtSources() {
	_ = filepath.WalkDir("../..", func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && (e.Name() == ".git" || e.Name() == "bin") {
			return fs.SkipDir
		}
		return nil // what cannot be read, the build tells
	})
}
