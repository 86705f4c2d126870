package command

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/term"
)

// A call is one use of a verb: what it was given, and where its output goes.
type call struct {
	verb  string
	args  []string
	store string // the directory of the store
	json  bool   // results as one JSON object a line

	expansion expansion

	std Streams
	env func(string) string
	out *bytes.Buffer // results; they reach stdout if the verb succeeds, or by flush

	progressMode string
	quiet        *bool // of a verb with -q: no progress
	mu           sync.Mutex
	bars         *progress // being shown
}

func newCall(std Streams, env func(string) string) *call {
	return &call{std: std, env: env, out: new(bytes.Buffer), progressMode: progressAuto}
}

// globals are the flags that every verb has, before or behind the verb.
func (c *call) globals() []flag {
	return []flag{
		{name: "store", value: &c.store, arg: "DIR", usage: "Directory of the store (default $IMGTOOL_STORE, else $XDG_DATA_HOME/imgtool)"},
		{name: "json", value: &c.json, usage: "Print results as JSON, one object a line"},
		{name: "max-expansion", value: &c.expansion, arg: "SIZE[:RATIO]", usage: "Let compressed data and sparse files expand to SIZE, beyond 1GiB to RATIO times (default 1TiB:200; SIZE alone: any ratio)"},
		{
			name: "progress", value: &c.progressMode, arg: "WHEN", words: []string{progressAuto, progressPlain, progressNone},
			usage: "Show progress on stderr: auto (bars on a terminal), plain (a line a blob) or none",
		},
	}
}

// prepare checks the global flags, and finds the store's directory.
func (c *call) prepare() error {
	if !validProgress(c.progressMode) {
		return usagef("flag --progress: %q is not auto, plain or none", c.progressMode)
	}
	if c.store == "" {
		c.store = defaultStore(c.env)
	}
	return nil
}

// defaultStore returns the directory of the store as the environment has it; "" if there is not even a home.
func defaultStore(env func(string) string) string {
	if dir := env("IMGTOOL_STORE"); dir != "" {
		return dir
	}
	if dir := env("XDG_DATA_HOME"); filepath.IsAbs(dir) { // the XDG specification ignores relative ones
		return filepath.Join(dir, "imgtool")
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "imgtool")
	}
	return ""
}

// storeDir returns the directory of the store.
func (c *call) storeDir() (string, error) {
	if c.store == "" {
		return "", hintf(usagef("no place for the store: $HOME is not set"), "name one with --store DIR or $IMGTOOL_STORE")
	}
	return c.store, nil
}

// flush writes the results so far to stdout. A verb calls it for what is to be seen even if it fails later.
func (c *call) flush() error {
	if c.out.Len() == 0 {
		return nil
	}
	_, err := c.stream().Write(c.out.Bytes())
	c.out.Reset()
	return err
}

// stream returns stdout itself, for what is too large to be held back or is to be seen at once. Its errors say that
// they come from stdout.
func (c *call) stream() io.Writer { return stdout{c.std.Out} }

type stdout struct{ w io.Writer }

func (s stdout) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if err != nil {
		err = fmt.Errorf("write stdout: %w", cause(err))
	}
	return n, err
}

// warn prints one line on stderr. It is safe for concurrent use.
func (c *call) warn(format string, args ...any) {
	c.note("imgtool: warning: %s", fmt.Sprintf(format, args...))
}

// note prints one line on stderr that is neither a result nor a warning, such as a summary. It is safe for concurrent
// use, and does not disturb a bar.
func (c *call) note(format string, args ...any) {
	line := oneLine(fmt.Sprintf(format, args...)) + "\n"
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bars != nil && c.bars.write(line) {
		return
	}
	fmt.Fprint(c.std.Err, line)
}

// isTerminal reports whether one of the streams is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
