package command

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestPromise03WaitingForAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in := waiting(ctx, r)
	if _, err := w.WriteString("some"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 10)
	if n, err := in.Read(buf); string(buf[:n]) != "some" || err != nil {
		t.Fatalf("read %q, %v", buf[:n], err)
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	begun := time.Now()
	if n, err := in.Read(buf); n > 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("read %d bytes, %v of a pipe that nobody writes to", n, err)
	}
	if waited := time.Since(begun); waited > 5*time.Second {
		t.Errorf("noticed after %v", waited)
	}
	w.Close()
	if rest, err := io.ReadAll(waiting(context.Background(), r)); len(rest) > 0 || err != nil {
		t.Errorf("at the end: %q, %v", rest, err)
	}
}

func TestWaitingLeavesFilesAlone(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if in := waiting(context.Background(), f); in != io.Reader(f) {
		t.Errorf("a regular file became %T", in)
	}
}
