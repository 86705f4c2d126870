package command_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/imgtool/imgtool/internal/command"
	"github.com/imgtool/imgtool/internal/imagetest"
)

// onTerminal runs a command line with in or out, or both, on a terminal, as they are nil, and returns its exit code and
// what it wrote to stderr.
func onTerminal(t *testing.T, in, out *os.File, args ...string) (code int, stderr string) {
	t.Helper()
	manager, terminal, err := pty.Open()
	if err != nil {
		imagetest.Skip(t, "no terminal: "+err.Error())
	}
	defer manager.Close()
	defer terminal.Close()
	if in == nil {
		in = terminal
	}
	if out == nil {
		out = terminal
	}
	var errs bytes.Buffer
	dir := filepath.Join(t.TempDir(), "store")
	env := func(name string) string { return map[string]string{"IMGTOOL_STORE": dir}[name] }
	code = command.Main(args, command.Streams{In: in, Out: out, Err: &errs}, env)
	return code, errs.String()
}

func archive(name string) string { return filepath.Join("..", "..", "testdata", "archives", name) }

func TestArchivesAndTerminals(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, tt := range []struct {
		name    string
		in, out *os.File // nil is the terminal
		args    []string
		want    string
	}{
		{"save to one", file, nil, []string{"save", archive("docker20.tar")}, "imgtool: save -: will not write an archive to a terminal\n"},
		{"convert to one", file, nil, []string{"convert", archive("docker20.tar"), "-"}, "will not write an archive to a terminal\n"},
		{"load from one", nil, file, []string{"load"}, "imgtool: load -: will not read an archive from a terminal\n"},
		{"images of one", nil, file, []string{"images", "-"}, "imgtool: images -: will not read an archive from a terminal\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stderr := onTerminal(t, tt.in, tt.out, tt.args...)
			if code != 2 || !strings.Contains(stderr, tt.want) || !strings.Contains(stderr, "\nhint: ") {
				t.Errorf("exit code %d, stderr %q, want 2 and %q with a hint", code, stderr, tt.want)
			}
		})
	}
	if n, err := file.Seek(0, io.SeekEnd); n != 0 || err != nil {
		t.Errorf("%d bytes were written, %v", n, err)
	}
}

func TestListingsOnATerminal(t *testing.T) {
	manager, terminal, err := pty.Open()
	if err != nil {
		imagetest.Skip(t, "no terminal: "+err.Error())
	}
	defer manager.Close()
	var errs bytes.Buffer
	code := command.Main([]string{"images", archive("docker20.tar")},
		command.Streams{In: terminal, Out: terminal, Err: &errs}, func(string) string { return "" })
	terminal.Close()
	if code != 0 || errs.Len() > 0 {
		t.Fatalf("exit code %d, stderr %q", code, errs.String())
	}
	got, _ := io.ReadAll(manager) // the end of a terminal is an error
	if !strings.HasPrefix(string(got), "REPOSITORY") || !strings.Contains(string(got), "37bbcecd7834") {
		t.Errorf("got %q", got)
	}
}
