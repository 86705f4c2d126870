package faulttest_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/imagetest"
)

// promptly is how long a command may take to end after a signal: imgtool gives up after 2 s on a call that hangs.
const promptly = 4 * time.Second

func TestPromise03Signals(t *testing.T) {
	t.Parallel()
	in := imagetest.MemoryDir(t)
	big := dockerArchive(t, madeImage{"big:1", [][]byte{layerOf(t, 5, 12<<20), layerOf(t, 6, 4<<20)}})
	writeFile(t, big, in, "big.tar")
	writeFile(t, gzipped(t, big), in, "big.tar.gz")
	moments := 1
	if full() {
		moments = 25
	}
	for i, j := range []job{
		{name: "load", run: "load {in}/big.tar"},
		{name: "load gzip", run: "load {in}/big.tar.gz"},
		{name: "load from a pipe", run: "load", stdin: "big.tar"},
		{name: "save", setup: []string{"load {in}/big.tar"}, run: "save -o out/a.tar big:1"},
		{name: "save zstd", setup: []string{"load {in}/big.tar"}, run: "save --compression zstd -o out/a.tar big:1"},
		{name: "save gzip", setup: []string{"load {in}/big.tar"}, run: "save -o out/a.tar.gz big:1"},
		{name: "convert to a directory", run: "convert {in}/big.tar oci:out/a --compression gzip"},
		{name: "verify", setup: []string{"load {in}/big.tar"}, run: "verify"},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, in, j)
			whole := time.Now()
			finish(t, s.command(copyScene(t, s.model)))
			took := time.Since(whole)
			ended := 0
			for n := range moments {
				at := took * time.Duration(2*n+1) / time.Duration(2*moments)
				signal := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[(n+i)%2]
				if interrupt(t, s, at, signal) {
					ended++
				}
			}
			t.Logf("%d of %d signals came in time", ended, moments)
		})
	}
}

// interrupt sends a signal to a command after some time and reports whether that was before its end.
func interrupt(t *testing.T, s *stage, after time.Duration, signal syscall.Signal) bool {
	t.Helper()
	sc := copyScene(t, s.model)
	cmd := s.command(sc)
	started, sent := make(chan struct{}), make(chan time.Time, 1)
	timer := time.AfterFunc(after, func() {
		<-started
		sent <- time.Now()
		_ = cmd.Process.Signal(signal) // it may have ended
	})
	r := runStarted(t, cmd, started)
	ended := time.Now()
	inTime := !timer.Stop()
	got := sc.state(t)
	if r.code == 0 {
		if !cmp.Equal(got, s.after) {
			t.Errorf("exit 0, but the work is not done (-want +got):\n%s", cmp.Diff(s.after, got))
		}
		return false
	}
	if !inTime {
		t.Fatalf("exit %d without a signal: %s", r.code, r.stderr)
	}
	if took := ended.Sub(<-sent); took > promptly {
		t.Errorf("it took %v to end", took)
	}
	wantInterrupted(t, r, signal)
	if !isState(got, s.before, s.after) {
		t.Errorf("neither old nor new (-old +got):\n%s", cmp.Diff(s.before, got))
	}
	sc.wantStoreAtRest(t)
	sc.wantNoTemporaries(t)
	return true
}

// runStarted is finish for a command that somebody waits for to be started.
func runStarted(t *testing.T, cmd *exec.Cmd, started chan<- struct{}) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	_ = cmd.Wait() // its state says how
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// wantInterrupted checks how a command ends that a signal has ended. One that has come before the command asked to be
// told of it kills.
func wantInterrupted(t *testing.T, r result, signal syscall.Signal) {
	t.Helper()
	if want := 128 + int(signal); r.code != want && r.code != -1 {
		t.Errorf("exit %d after %v, want %d: %s", r.code, signal, want, r.stderr)
	}
	if r.stdout != "" {
		t.Errorf("stdout: %q", r.stdout)
	}
}

func TestPromise03SignalWhileWaiting(t *testing.T) {
	t.Parallel()
	in := imagetest.MemoryDir(t)
	archive := dockerArchive(t, madeImage{"app:1", [][]byte{layerOf(t, 1, 200_000)}})
	writeFile(t, archive, in, "app.tar")
	for i, test := range []struct {
		name, run string
		sent      []byte // before the pipe falls silent
	}{
		{"load, nothing comes", "load", nil},
		{"load, half of it comes", "load", archive[:len(archive)/2]},
		{"load, half of a gzip stream comes", "load", gzipped(t, archive)[:100_000]},
		{"load of a fifo that nobody writes", "load fifo", nil},
		{"save to a pipe that nobody reads", "save app:1", nil},
		{"verify of a pipe", "verify -", archive[:10_000]},
		{"convert of a pipe", "convert - out/a.tar", archive[:100_000]},
	} {
		for n, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			if n != i%2 && !full() {
				continue
			}
			t.Run(test.name+" "+signal.String(), func(t *testing.T) {
				t.Parallel()
				s := prepareWaiting(t, in, test.run, test.sent)
				silent(t, s, signal)
			})
		}
	}
}

// prepareWaiting makes a store with one image, and a fifo.
func prepareWaiting(t *testing.T, in, run string, sent []byte) *stage {
	t.Helper()
	s := &stage{job: job{run: run}, model: newScene(t, in), input: sent}
	s.model.must(t, "load", "{in}/app.tar")
	if err := syscall.Mkfifo(filepath.Join(s.model.dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.before = s.model.state(t)
	return s
}

// silent runs a command between pipes on which nothing happens any more, and sends it a signal.
func silent(t *testing.T, s *stage, signal syscall.Signal) {
	t.Helper()
	cmd := s.command(s.model)
	input, toInput, err1 := os.Pipe()
	output, fromOutput, err2 := os.Pipe() // its buffer is smaller than the archive
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for _, f := range []*os.File{input, toInput, output, fromOutput} {
		defer f.Close()
	}
	cmd.Stdin, cmd.Stdout = input, fromOutput
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(toInput, bytes.NewReader(s.input)) }() // it ends with the pipe
	time.Sleep(300 * time.Millisecond)
	sent := time.Now()
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatalf("it has ended already: %v", err)
	}
	watchdog := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // its state says how
	watchdog.Stop()
	if took := time.Since(sent); took > promptly {
		t.Errorf("it took %v to end", took)
	}
	wantInterrupted(t, result{cmd.ProcessState.ExitCode(), "", stderr.String()}, signal)
	if diff := cmp.Diff(s.before, s.model.state(t)); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
	s.model.wantStoreAtRest(t)
	s.model.wantNoTemporaries(t)
}
