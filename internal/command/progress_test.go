package command

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/imgtool/imgtool/image"
)

func blob(id string, size int64) image.Descriptor {
	d := image.Descriptor{Size: size}
	d.Digest = idA
	if id == "b" {
		d.Digest = idB
	}
	return d
}

func TestProgressPlain(t *testing.T) {
	var errs bytes.Buffer
	c := newCall(Streams{Err: &errs}, os.Getenv)
	c.progressMode = progressPlain
	p := c.progress("Copying", 3_000_000)
	p.add(blob("a", 2_000_000), 1_500_000)
	c.warn("odd\n%s", "thing")
	p.add(blob("b", 1_000_000), 1_000_000)
	p.add(blob("a", 2_000_000), 500_000)
	p.end()
	p.add(blob("a", 2_000_000), 1)
	c.closeProgress()
	want := "imgtool: warning: odd; thing\nCopying bbbbbbbbbbbb 1MB\nCopying aaaaaaaaaaaa 2MB\n"
	if errs.String() != want {
		t.Errorf("got %q, want %q", errs.String(), want)
	}
}

func TestProgressShowsNothing(t *testing.T) {
	quiet := true
	tests := []struct {
		name string
		mode string
		set  func(c *call)
	}{
		{"none", progressNone, func(*call) {}},
		{"auto without a terminal", progressAuto, func(*call) {}},
		{"quiet", progressPlain, func(c *call) { c.quiet = &quiet }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var errs bytes.Buffer
			c := newCall(Streams{Err: &errs}, os.Getenv)
			c.progressMode = tt.mode
			tt.set(c)
			p := c.progress("Copying", 1)
			p.start = p.start.Add(-time.Minute)
			p.add(blob("a", 1), 1)
			p.end()
			if errs.Len() > 0 {
				t.Errorf("shows %q", errs.String())
			}
		})
	}
	var none *progress
	none.add(blob("a", 1), 1)
	none.end()
}

// TestProgressBar shows the bar on a terminal, writes a warning through it, and wants no bar left at the end.
func TestProgressBar(t *testing.T) {
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Skip("no terminal to be had:", err)
	}
	defer terminal.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	screen := make(chan string)
	go func() {
		raw, err := io.ReadAll(terminal)
		if err != nil && !errors.Is(err, syscall.EIO) { // how Linux says that nobody writes any more
			t.Error(err)
		}
		screen <- string(raw)
	}()
	c := newCall(Streams{Err: tty}, func(string) string { return "xterm" })
	p := c.progress("Copying", 100)
	p.add(blob("a", 100), 10)
	if p.bar != nil {
		t.Error("a bar for work that has just begun")
	}
	p.start = p.start.Add(-progressDelay)
	for range 9 {
		p.add(blob("a", 100), 10)
		time.Sleep(30 * time.Millisecond)
	}
	c.warn("odd thing")
	time.Sleep(200 * time.Millisecond)
	c.closeProgress()
	tty.Close()
	got := <-screen
	for _, want := range []string{"Copying", "imgtool: warning: odd thing\r\n", "%"} {
		if !strings.Contains(got, want) {
			t.Errorf("the terminal got %q, want %q in it", got, want)
		}
	}
	if last := got[strings.LastIndex(got, "odd thing"):]; !strings.HasSuffix(last, "\x1b[J") {
		t.Errorf("the bar is left on the terminal: %q", last)
	}
}
