package faulttest_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// killed says at which system calls commands are killed, how many places by default, and how many with all; 0 is every
// one.
var killed = []struct {
	calls         string
	samples, full int
}{
	{changing, 2, 1000},
	{"renameat,renameat2,linkat", 1, 1000},
	{"fsync,flock", 0, 1000},
	{"unlinkat,mkdirat", 0, 1000},
	{"openat", 0, 10},
	{"close", 0, 6},
	{"read,pread64", 0, 6},
}

func TestPromise02KillAnywhere(t *testing.T) {
	t.Parallel()
	in := makeInputs(t)
	for i, j := range jobs {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, in, j)
			clean := trace(t, s.command(copyScene(t, s.model)), allCalls(), "")
			runs, hits := 0, 0
			for _, k := range killed {
				n := k.samples
				if full() {
					n = k.full
				}
				for _, when := range sample(clean.most(k.calls), n, i) {
					runs++
					if killAt(t, s, k.calls, when) {
						hits++
					}
				}
			}
			t.Logf("%d runs, %d killed", runs, hits)
			if hits == 0 {
				t.Error("no run was killed")
			}
		})
	}
}

// allCalls are the calls of which a clean run is counted.
func allCalls() string {
	var all []string
	for _, k := range killed {
		all = append(all, k.calls)
	}
	return joined(all)
}

// killAt kills a job's command at one of its system calls and looks at what is left. It reports whether the command came
// that far.
func killAt(t *testing.T, s *stage, calls string, when int) (hit bool) {
	t.Helper()
	t.Run(fmt.Sprintf("%.12s %d", calls, when), func(t *testing.T) {
		sc := copyScene(t, s.model)
		r := trace(t, s.command(sc), calls, fmt.Sprintf("%s:signal=SIGKILL:when=%d", calls, when))
		hit = r.code == -1
		if got := sc.state(t); !isState(got, s.before, s.after) {
			t.Errorf("neither old nor new (-old +got):\n%s", cmp.Diff(s.before, got))
		}
		if left := contents(t, sc.path("tmp")); len(left) > 1 {
			t.Errorf("left in TMPDIR: %q", left)
		}
		next := []string{"verify", "images"}[when%2]
		sc.must(t, next)
		sc.wantStoreAtRest(t)
		sc.again(t, s)
		if t.Failed() && len(r.calls) > 0 {
			t.Logf("killed at %v", r.calls[max(0, len(r.calls)-12):])
		}
	})
	return hit
}

// again runs the job once more, to its end, and fails the test unless all is as if there had never been a fault.
func (s scene) again(t *testing.T, st *stage) {
	t.Helper()
	r := finish(t, st.command(s))
	if r.code != 0 && r.code != st.redone {
		t.Errorf("the same command again: exit %d: %s", r.code, r.stderr)
	}
	if diff := cmp.Diff(st.end, s.everything(t)); diff != "" {
		t.Errorf("after the same command again (-want +got):\n%s", diff)
	}
	s.wantStoreAtRest(t)
	s.wantNoTemporaries(t)
}
