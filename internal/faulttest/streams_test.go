package faulttest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shell returns a command of imgtool that sh starts, with words in front of it or redirections behind it.
func (s scene) shell(before, run, after string) *exec.Cmd {
	cmd := s.command(strings.Fields(run)...)
	words := append([]string{cmd.Path}, cmd.Args[1:]...)
	cmd.Args = append([]string{"sh", "-c", before + ` exec "$0" "$@" ` + after}, words...)
	cmd.Path = "/bin/sh"
	return cmd
}

// loaded returns a scene with the image app:1 in its store, and in {in}/app.tar.
func loaded(t *testing.T) scene {
	t.Helper()
	sc := newScene(t, t.TempDir())
	writeFile(t, dockerArchive(t, madeImage{"app:1", [][]byte{layerOf(t, 1, 300_000), layerOf(t, 2, 2000)}}), sc.in, "app.tar")
	writeFile(t, dockerArchive(t, madeImage{"new:1", [][]byte{layerOf(t, 1, 300_000), layerOf(t, 3, 200_000)}}), sc.in, "new.tar")
	sc.must(t, "load", "{in}/app.tar")
	return sc
}

// printing are commands that print a result. Those that change the store have done so by then.
var printing = []struct {
	run   string
	after string // a name that is in the store then
}{
	{"images", "app:1"},
	{"images {in}/app.tar", "app:1"},
	{"history app:1", "app:1"},
	{"inspect app:1", "app:1"},
	{"df", "app:1"},
	{"save app:1", "app:1"},
	{"save --format docker-v1 app:1", "app:1"},
	{"save -z --format oci app:1", "app:1"},
	{"convert {in}/app.tar -", "app:1"},
	{"load {in}/new.tar", "new:1"},
	{"rmi app:1", ""},
	{"prune -a -f", ""},
}

func TestPromise10NobodyReadsStdout(t *testing.T) {
	t.Parallel()
	model := loaded(t)
	for _, test := range printing {
		t.Run(test.run, func(t *testing.T) {
			t.Parallel()
			for _, to := range []struct{ what, cause string }{{"closed pipe", "broken pipe"}, {"/dev/full", noSpace}} {
				sc := copyScene(t, model)
				cmd := sc.command(strings.Fields(test.run)...)
				cmd.Stdout = unread(t, to.what)
				r := finish(t, cmd)
				verb := strings.Fields(test.run)[0]
				if r.code != 1 || !strings.HasPrefix(withoutWarnings(r.stderr), "imgtool: "+verb) || !strings.HasSuffix(r.stderr, "write stdout: "+to.cause+"\n") {
					t.Errorf("%s: exit %d, stderr %q", to.what, r.code, r.stderr)
				}
				sc.wantStoreAtRest(t)
				sc.wantNoTemporaries(t)
				sc.must(t, "verify")
				if test.after != "" {
					sc.must(t, "inspect", test.after)
				}
			}
		})
	}
}

// withoutWarnings returns what was said behind the warnings.
func withoutWarnings(stderr string) string {
	for strings.HasPrefix(stderr, "imgtool: warning: ") {
		_, stderr, _ = strings.Cut(stderr, "\n")
	}
	return stderr
}

// unread returns a file that cannot be written to.
func unread(t *testing.T, what string) *os.File {
	t.Helper()
	var f *os.File
	var err error
	if what == "closed pipe" {
		var r *os.File
		if r, f, err = os.Pipe(); err == nil {
			r.Close()
		}
	} else {
		f, err = os.OpenFile(what, os.O_WRONLY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestPromise10FullDeviceAsOutput(t *testing.T) {
	t.Parallel()
	sc := loaded(t)
	for _, run := range []string{
		"save -o /dev/full app:1", "save -z -o /dev/full app:1", "save --format docker-v1 -o /dev/full app:1", "convert {in}/app.tar /dev/full",
		"save --compression zstd -o /dev/full app:1", "save -o out/link.tar app:1",
	} {
		if strings.Contains(run, "link") {
			if err := os.Symlink("/dev/full", sc.path("out/link.tar")); err != nil {
				t.Fatal(err)
			}
		}
		r := finish(t, sc.command(strings.Fields(run)...))
		if r.code != 1 || r.stdout != "" || strings.Count(r.stderr, "imgtool: ") != strings.Count(r.stderr, "warning")+1 || !strings.HasSuffix(r.stderr, noSpace+"\n") {
			t.Errorf("%s: exit %d, stderr %q", run, r.code, r.stderr)
		}
	}
	sc.wantNoTemporaries(t)
}

// What is said to a closed stderr is lost, and nothing else.
func TestPromise10ClosedStreams(t *testing.T) {
	t.Parallel()
	model := loaded(t)
	for _, test := range []struct {
		run, redirect string
		code          int
	}{
		{"load {in}/new.tar", "2>&-", 0},
		{"load {in}/new.tar", "2>/dev/full", 0},
		{"load {in}/none.tar", "2>&-", 3},
		{"load {in}/none.tar", "2>/dev/full", 3},
		{"load {in}/new.tar", "<&- 2>&-", 0},
		{"load", "<&-", 4}, // nothing is no archive
		{"verify", "2>/dev/full", 0},
		{"save -o out/a.tar --compression zstd app:1", "2>&-", 0},
		{"save -o out/a.tar --compression zstd app:1", "2>/dev/full", 0},
		{"images", "<&- 2>&-", 0},
	} {
		t.Run(test.run+" "+test.redirect, func(t *testing.T) {
			t.Parallel()
			sc := copyScene(t, model)
			r := finish(t, sc.shell("", test.run, test.redirect))
			if r.code != test.code {
				t.Errorf("exit %d, want %d: %s", r.code, test.code, r.stderr)
			}
			sc.wantStoreAtRest(t)
			sc.wantNoTemporaries(t)
			if _, err := os.Stat(sc.path("out/a.tar")); err == nil {
				sc.must(t, "verify", "out/a.tar")
			}
		})
	}
}

// A limit on the size of files is told as any other cause: SIGXFSZ does not kill.
func TestPromise05FileSizeLimit(t *testing.T) {
	t.Parallel()
	model := loaded(t)
	for _, run := range []string{
		"load {in}/new.tar", "save -o out/a.tar app:1", "save -o out/a.tar --compression gzip app:1", "save --format docker-v1 -o out/a.tar app:1",
		"convert {in}/new.tar oci:out/a", "convert {in}/new.tar made:1", "load -t new:2 - ", "tag app:1 second:1",
	} {
		t.Run(run, func(t *testing.T) {
			t.Parallel()
			sc := copyScene(t, model)
			before := sc.state(t)
			limit := "ulimit -f 60;" // in KiB, or half of that
			if strings.HasPrefix(run, "tag") {
				limit = "ulimit -f 0;"
			}
			cmd := sc.shell(limit, run, "")
			if strings.Contains(run, " - ") {
				f, err := os.Open(sc.in + "/new.tar")
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				cmd.Stdin = f
			}
			r := traced{result: finish(t, cmd)}
			wantFailure(t, &stage{job: job{run: run}}, r, "file too large")
			if diff := cmp.Diff(before, sc.state(t)); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
			sc.wantStoreAtRest(t)
			sc.wantNoTemporaries(t)
			sc.must(t, "verify")
		})
	}
}
