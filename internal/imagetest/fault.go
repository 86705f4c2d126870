package imagetest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// childVariable names, in the environment of a test binary, what it does instead of testing.
const childVariable = "IMGTOOL_TEST_CHILD"

// Main is for a TestMain: in a process that [Child] has made it calls the function of that name and exits; otherwise it
// runs the tests. What the function returns is written to stderr, and the process exits 1.
func Main(m *testing.M, children map[string]func(args []string) error) {
	name, ok := os.LookupEnv(childVariable)
	if !ok {
		os.Exit(m.Run()) //nolint:forbidigo // the end of a test binary
	}
	status := 0
	if err := children[name](os.Args[1:]); err != nil {
		status = 1
		for range 3 { // a write may be made to fail
			if _, err := fmt.Fprintln(os.Stderr, err); err == nil { //nolint:forbidigo // what a child says
				break
			}
		}
	}
	os.Exit(status) //nolint:forbidigo // and how it ends
}

// MemoryDir is t.TempDir in memory, where there is a place for that: a test that syncs a lot takes a tenth of the time.
func MemoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "imgtool-test-") //nolint:usetesting // t.TempDir is not in memory
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Child returns a command that runs a function of [Main] in a process of its own.
func Child(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	// The race detector would sleep for a second at the end of each child.
	cmd.Env = append(os.Environ(), childVariable+"="+name, "GOMAXPROCS=2", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// Injection is what strace does to the system calls of a command.
type Injection struct {
	Calls  string // names, separated by commas, as strace takes them
	Action string // such as signal=SIGKILL or error=EIO
	// Samples is about how many places are tried unless [Full] asks for all.
	Samples int
}

// Changing are the system calls by which a command changes files, and some around them.
const Changing = "openat,mkdirat,renameat,renameat2,linkat,unlinkat,fsync,fchmod,write,flock,close,sync_file_range"

// Inject runs a command under strace as often as it takes: the first time the injection is done at the first of the
// calls, then at the second, and so on. Before each run prepare is called, and after it check, with what the command has
// said.
func Inject(t *testing.T, in Injection, prepare func(t *testing.T) *exec.Cmd, check func(t *testing.T, failed bool, stderr string)) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		Skip(t, "there is no strace")
	}
	total := countCalls(t, strace, in, prepare(t))
	step := max(1, total/max(1, in.Samples))
	if Full() {
		step = 1
	}
	for n := 1; n <= total; n += step {
		rule := fmt.Sprintf("inject=%s:%s:when=%d", in.Calls, in.Action, n)
		t.Run(fmt.Sprintf("%s at call %d", in.Action, n), func(t *testing.T) {
			cmd := prepare(t)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			underStrace(cmd, strace, "-o", os.DevNull, "-e", "trace="+in.Calls, "-e", rule)
			err := cmd.Run()
			check(t, err != nil, stderr.String())
		})
	}
}

// underStrace makes a command run under strace, all of its threads.
func underStrace(cmd *exec.Cmd, strace string, options ...string) {
	cmd.Args = append(append(append([]string{strace, "-f", "-qq"}, options...), cmd.Path), cmd.Args[1:]...)
	cmd.Path = strace
}

// countCalls returns how often one thread of the command at most makes the calls; strace counts them by thread.
func countCalls(t *testing.T, strace string, in Injection, cmd *exec.Cmd) int {
	t.Helper()
	log := filepath.Join(t.TempDir(), "strace")
	underStrace(cmd, strace, "-o", log, "-e", "trace="+in.Calls)
	if out, err := cmd.CombinedOutput(); err != nil {
		Skip(t, fmt.Sprintf("strace does not work here: %v: %s", err, out))
	}
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	most := 0
	for line := range strings.Lines(string(raw)) {
		thread, call, _ := strings.Cut(line, " ")
		if strings.Contains(call, "(") && !strings.Contains(call, "resumed>") {
			calls[thread]++
			most = max(most, calls[thread])
		}
	}
	return most
}
