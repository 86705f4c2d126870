package faulttest_test

import (
	"fmt"
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
