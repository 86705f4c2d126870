package faulttest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/imagetest"
)

// changing are the system calls by which a command changes files, or locks them.
const changing = "mkdirat,renameat,renameat2,linkat,symlinkat,unlinkat,fsync,fdatasync,fchmod,fchmodat,write,pwrite64,copy_file_range,sendfile,splice,ftruncate,fallocate,flock"

// A traced command has run under strace.
type traced struct {
	result

	calls []tracedCall
}

// A tracedCall is a system call as strace prints it.
type tracedCall struct{ thread, text string }

func (c tracedCall) name() string {
	name, _, _ := strings.Cut(c.text, "(")
	return name
}

// most returns how many of the calls of these names one thread has made at most. By thread is how strace counts for an
// injection.
func (r traced) most(names string) int {
	byThread := map[string]int{}
	most := 0
	for _, c := range r.calls {
		if slices.Contains(strings.Split(names, ","), c.name()) {
			byThread[c.thread]++
			most = max(most, byThread[c.thread])
		}
	}
	return most
}

// injected returns the calls that were made to fail.
func (r traced) injected() []string {
	var hit []string
	for _, c := range r.calls {
		if strings.Contains(c.text, "(INJECTED") {
			hit = append(hit, c.text)
		}
	}
	return hit
}

// trace runs a command under strace, which logs the calls of these names and, if rule is not empty, injects by it.
func trace(t *testing.T, cmd *exec.Cmd, calls, rule string) traced {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		imagetest.Skip(t, "there is no strace")
	}
	log := filepath.Join(t.TempDir(), "log")
	args := []string{strace, "-f", "-qq", "-o", log, "-e", "signal=none", "-e", "trace=" + calls}
	if !strings.Contains(rule, "signal=") { // with it strace 6.1 forgets signals but the first
		args = append(args, "--seccomp-bpf")
	}
	if rule != "" {
		args = append(args, "-e", "inject="+rule)
	}
	cmd.Args = append(append(args, cmd.Path), cmd.Args[1:]...)
	cmd.Path = strace
	r := traced{result: finish(t, cmd)}
	if strings.Contains(r.stderr, "strace:") {
		imagetest.Skip(t, "strace does not work here: "+r.stderr)
	}
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	r.calls = parseLog(string(raw))
	return r
}

// parseLog reads what strace has logged. A call that other threads have interrupted stands on two lines.
func parseLog(log string) []tracedCall {
	var calls []tracedCall
	unfinished := map[string]int{} // by thread: where its call stands
	for line := range strings.Lines(log) {
		thread, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		text = strings.TrimSpace(text)
		if _, rest, ok := strings.Cut(text, " resumed>"); ok && strings.HasPrefix(text, "<... ") {
			if at, known := unfinished[thread]; known {
				calls[at].text += rest
			}
			continue
		}
		if begin, ok := strings.CutSuffix(text, "<unfinished ...>"); ok {
			unfinished[thread] = len(calls)
			text = begin
		}
		calls = append(calls, tracedCall{thread, text})
	}
	return calls
}

// sample returns about n of the numbers from 1 to all, evenly spaced, or all of them if n is larger. The offset moves
// them, so that jobs that make the same calls are not stopped at the same ones.
func sample(all, n, offset int) []int {
	n = min(n, all)
	var picked []int
	for i := range n {
		picked = append(picked, 1+i*all/n+offset%(all/n))
	}
	return picked
}
