package faulttest_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A failure is what system calls are made to return.
type failure struct {
	calls  string
	errno  string
	cause  string // as a message has it
	more   string // "+": not one call fails but all from there on
	clean  bool   // nothing keeps the command from cleaning up
	severe bool   // a command that goes on as if nothing had happened has lost something
}

const (
	noSpace = "no space left on device"
	badDisk = "input/output error"
	quota   = "disk quota exceeded"
	tooMany = "too many open files"
)

// A close that fails is not among them: strace does not carry out the call that it fails, so the descriptor, and a lock
// that it holds, would stay, and no kernel does that.
var failures = []failure{
	{calls: "write,pwrite64,copy_file_range", errno: "ENOSPC", cause: noSpace, clean: true, severe: true},
	{calls: "fsync", errno: "EIO", cause: badDisk, clean: true, severe: true},
	{calls: "renameat,renameat2,linkat", errno: "ENOSPC", cause: noSpace, clean: true, severe: true},
	{calls: "mkdirat", errno: "ENOSPC", cause: noSpace, clean: true, severe: true},
	{calls: "openat", errno: "EMFILE", cause: tooMany},
	{calls: "read,pread64", errno: "EIO", cause: badDisk},
	{calls: "fchmod,flock,getdents64", errno: "EIO", cause: badDisk},
	{calls: "fstat,newfstatat", errno: "EIO"}, // os.Root.MkdirAll says then that the folder is there
	{calls: "write,pwrite64,copy_file_range", errno: "EDQUOT", cause: quota, clean: true, severe: true},
	{calls: "write,pwrite64,copy_file_range", errno: "EIO", cause: badDisk, clean: true, severe: true},
	{calls: "fsync", errno: "EIO", cause: badDisk, more: "+", severe: true}, // nor is it sure that what goes is gone
	{calls: "fsync", errno: "ENOSPC", cause: noSpace, clean: true, severe: true},
	{calls: "renameat,renameat2,linkat", errno: "EIO", cause: badDisk, more: "+", clean: true, severe: true},
	{calls: "openat", errno: "EMFILE", cause: tooMany, more: "+"},
	{calls: "openat", errno: "EIO", cause: badDisk},
	{calls: "unlinkat", errno: "EIO", cause: badDisk},
	{calls: "ftruncate,fallocate,sync_file_range", errno: "EIO", cause: badDisk},
}

func TestPromise05SystemCallsFail(t *testing.T) {
	t.Parallel()
	in := makeInputs(t)
	for i, j := range jobs {
		if !full() && i%2 == 0 {
			continue
		}
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, in, j)
			clean := trace(t, s.command(copyScene(t, s.model)), failing(), "")
			runs, hits := 0, 0
			for n, f := range failures {
				samples := 8
				if !full() {
					samples = max(0, 1-(n+i/2)%5) // every job has some of them, and every failure is in some job
				}
				for _, when := range sample(clean.most(f.calls), samples, i) {
					runs++
					if failAt(t, s, f, when) {
						hits++
					}
				}
			}
			t.Logf("%d runs, %d with a failure", runs, hits)
		})
	}
}

// failing are the calls of all failures.
func failing() string {
	var all []string
	for _, f := range failures {
		all = append(all, f.calls)
	}
	return joined(all)
}

// joined returns one list of names out of several.
func joined(lists []string) string {
	names := strings.Split(strings.Join(lists, ","), ",")
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ",")
}

// failAt makes one of the system calls of a job's command fail, and looks at what it says and leaves.
func failAt(t *testing.T, s *stage, f failure, when int) (hit bool) {
	t.Helper()
	t.Run(fmt.Sprintf("%s%s %.12s %d", f.errno, f.more, f.calls, when), func(t *testing.T) {
		sc := copyScene(t, s.model)
		r := trace(t, s.command(sc), f.calls, fmt.Sprintf("%s:error=%s:when=%d%s", f.calls, f.errno, when, f.more))
		injected := r.injected()
		hit = len(injected) > 0
		defer func() {
			if t.Failed() {
				t.Logf("exit %d, stdout %q, stderr %q, failed: %q", r.code, r.stdout, r.stderr, injected)
			}
		}()
		got := sc.state(t)
		switch {
		case r.code == 0 && !isState(got, s.after):
			t.Errorf("exit 0, but the work is not done (-want +got):\n%s", cmp.Diff(s.after, got))
		case r.code == 0 && f.severe && slices.ContainsFunc(injected, severe):
			t.Error("exit 0 after a failure")
		case !isState(got, s.before, s.after):
			t.Errorf("neither old nor new (-old +got):\n%s", cmp.Diff(s.before, got))
		}
		crashed := strings.Contains(r.stderr, "netpollBreak") // Go wakes a thread by a write, and gives up if that fails
		if r.code != 0 && !crashed {
			wantFailure(t, s, r, f.cause)
		}
		if f.clean && !crashed && (r.code == 0 || !cmp.Equal(got, s.after)) { // a removal that is half done is left to the next command
			sc.wantStoreAtRest(t)
			sc.wantNoTemporaries(t)
		}
		sc.must(t, "images")
		sc.wantStoreAtRest(t)
		sc.again(t, s)
	})
	return hit
}

// toStderr is a write to stderr.
var toStderr = regexp.MustCompile(`^write\(2,`)

func severe(call string) bool { return !toStderr.MatchString(call) }

// wantFailure checks what a command that failed has said.
func wantFailure(t *testing.T, s *stage, r traced, cause string) {
	t.Helper()
	if r.code != 1 {
		t.Errorf("exit %d, want 1", r.code)
	}
	if s.run == "verify" && r.stdout != "" { // a blob that cannot be read is a defect
		if !strings.Contains(r.stdout, cause) {
			t.Errorf("no defect has the cause %q: %q", cause, r.stdout)
		}
		return
	}
	if r.stdout != "" {
		t.Errorf("stdout of a failure: %q", r.stdout)
	}
	if slices.ContainsFunc(r.injected(), toStderr.MatchString) {
		return // the message could not be written
	}
	message := ""
	for line := range strings.Lines(r.stderr) {
		switch {
		case strings.HasPrefix(line, "hint: "), strings.HasPrefix(line, "imgtool: warning: "):
		case strings.HasPrefix(line, "imgtool: "+strings.Fields(s.run)[0]) && message == "":
			message = line
		default:
			t.Errorf("unexpected on stderr: %s", line)
		}
	}
	if !strings.Contains(message, cause) {
		t.Errorf("the message has not the cause %q: %q", cause, message)
	}
	if !regexp.MustCompile(`/|sha256:|stdout|stdin`).MatchString(message) {
		t.Errorf("the message names no path and no digest: %q", message)
	}
}
