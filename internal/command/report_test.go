package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/imgtool/imgtool/image"
)

func TestSpec17Report(t *testing.T) {
	missing := fmt.Errorf("blob sha256:ab: %w", image.ErrMissing)
	tests := []struct {
		name, verb string
		err        error
		code       int
		want       string
	}{
		{"plain", "images", errors.New("read index.json: gone"), 1, "imgtool: images: read index.json: gone\n"},
		{"no verb", "", usagef("unknown flag --x"), 2, "imgtool: unknown flag --x\n"},
		{"place", "load", at("x.tar", image.Damagef("manifest.json: not JSON")), 4, "imgtool: load x.tar: manifest.json: not JSON\n"},
		{"place inside", "rmi", fmt.Errorf("remove: %w", at("x", io.ErrUnexpectedEOF)), 1, "imgtool: rmi: remove: x: unexpected EOF\n"},
		{"no such file", "load", at("x.tar", &fs.PathError{Op: "open", Path: "x.tar", Err: syscall.ENOENT}), 3, "imgtool: load x.tar: open x.tar: no such file or directory\n"},
		{"missing", "save", missing, 5, "imgtool: save: blob sha256:ab: blob is not here\n"},
		{"damage wins over absence", "verify", errors.Join(missing, image.Damagef("blob sha256:cd: cut")), 4, "imgtool: verify: blob sha256:ab: blob is not here; blob sha256:cd: cut\n"},
		{"ambiguous", "save", fmt.Errorf("%w: 2 images", image.ErrAmbiguous), 2, "imgtool: save: ambiguous: 2 images\n"},
		{"usage wins", "save", usagef("two images: %w", image.ErrNotFound), 2, "imgtool: save: two images: not found\n"},
		{"hints", "load", hintf(at("word", hintf(image.NotFoundf("no such image"), "use ./word")), "see %s", "help"), 3, "imgtool: load word: no such image\nhint: use ./word\nhint: see help\n"},
		{"a hint once", "load", hintf(hintf(errors.New("x"), "y"), "y"), 1, "imgtool: load: x\nhint: y\n"},
		{"control characters", "load", at("a\x1b[2Jb\u202e", errors.New("entry \"\xff\"")), 1, "imgtool: load a\\x1b[2Jb\\u202e: entry \"\\xff\"\n"},
		{"signal", "load", &interruption{syscall.SIGTERM, at("x", context.Canceled)}, 143, "imgtool: load: terminated\n"},
		{"interrupt", "load", &interruption{signal: syscall.SIGINT}, 130, "imgtool: load: interrupted\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			report(&b, tt.verb, tt.err)
			if b.String() != tt.want {
				t.Errorf("got  %q\nwant %q", b.String(), tt.want)
			}
			if got := exitCode(tt.err); got != tt.code {
				t.Errorf("exit code %d, want %d", got, tt.code)
			}
		})
	}
}

func TestReportIsBounded(t *testing.T) {
	err := errors.New(strings.Repeat("é", 5000))
	for i := range 20 {
		err = hintf(err, "hint %d %s", i, strings.Repeat("x", 5000))
	}
	var b strings.Builder
	report(&b, "load", err)
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 1+maxHints {
		t.Errorf("%d lines, want %d", len(lines), 1+maxHints)
	}
	for _, line := range lines {
		if n := len([]rune(line)); n > maxLine {
			t.Errorf("a line of %d characters", n)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"load", "save", "images", "rm", "rmi", "squash", "--filter"}
	for word, want := range map[string]string{
		"lod": "load", "laod": "load", "sqaush": "squash", "image": "images", "mri": "rmi", "frobnicate": "", "x": "", "": "",
		"--filtre": "--filter", strings.Repeat("l", 10_000): "",
	} {
		if got := nearest(word, words); got != want {
			t.Errorf("nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}
