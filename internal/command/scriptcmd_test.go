package command_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCommands are what scripts have beside the commands of testscript, by their usage.
func scriptCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	commands := map[string]func(ts *testscript.TestScript, neg bool, args []string){}
	for usage, run := range map[string]func(ts *testscript.TestScript, args []string) error{
		"exits CODE COMMAND ARG…": exits, // runs a command and checks its exit code
		"hex VARIABLE FILE":       hexVariable,
		"sum VARIABLE FILE":       sumVariable,
		"flip FILE OFFSET":        flip,
		"cut FILE SIZE":           cut,
		"replace FILE OLD NEW":    replace,
		"untar ARCHIVE DIR":       untar,
		"maketar DIR ARCHIVE":     maketar,
		"reseal DIR":              reseal,
		"tree DIR FILE":           tree,
	} {
		words := strings.Fields(strings.TrimSuffix(usage, " ARG…"))
		commands[words[0]] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) < len(words)-1 || len(args) > len(words)-1 && !strings.HasSuffix(usage, "…") {
				ts.Fatalf("usage: %s", usage)
			}
			if err := run(ts, args); err != nil {
				ts.Fatalf("%s: %v", words[0], err)
			}
		}
	}
	return commands
}

func exits(ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("exit code %d, want %d", got, want)
	}
	return nil
}

// hexVariable sets a variable to what a file holds, such as stdout, without white space around it and "sha256:".
func hexVariable(ts *testscript.TestScript, args []string) error {
	ts.Setenv(args[0], strings.TrimPrefix(strings.TrimSpace(ts.ReadFile(args[1])), "sha256:"))
	return nil
}

// sumVariable sets a variable to the SHA-256 of a file in hex.
func sumVariable(ts *testscript.TestScript, args []string) error {
	ts.Setenv(args[0], fmt.Sprintf("%x", sha256.Sum256([]byte(ts.ReadFile(args[1])))))
	return nil
}

// flip changes one bit of a file. A negative offset counts from its end.
func flip(ts *testscript.TestScript, args []string) error {
	offset, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return rewrite(ts.MkAbs(args[0]), func(raw []byte) ([]byte, error) {
		if offset < 0 {
			offset += len(raw)
		}
		if offset < 0 || offset >= len(raw) {
			return nil, fmt.Errorf("%d is outside of the file's %d bytes", offset, len(raw))
		}
		raw[offset] ^= 1
		return raw, nil
	})
}

// cut leaves the first bytes of a file. A negative size is how many go.
func cut(ts *testscript.TestScript, args []string) error {
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return rewrite(ts.MkAbs(args[0]), func(raw []byte) ([]byte, error) {
		if size < 0 {
			size += len(raw)
		}
		if size < 0 || size >= len(raw) {
			return nil, fmt.Errorf("cut to %d of %d bytes", size, len(raw))
		}
		return raw[:size], nil
	})
}

// replace replaces a text wherever it stands in a file, which it has to.
func replace(ts *testscript.TestScript, args []string) error {
	return rewrite(ts.MkAbs(args[0]), func(raw []byte) ([]byte, error) {
		if !bytes.Contains(raw, []byte(args[1])) {
			return nil, fmt.Errorf("there is no %s in %s: %.2000s", args[1], args[0], raw)
		}
		return bytes.ReplaceAll(raw, []byte(args[1]), []byte(args[2])), nil
	})
}

// rewrite changes a file, read-only or not.
func rewrite(path string, change func([]byte) ([]byte, error)) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if raw, err = change(raw); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o644)
}

// tree writes a line for each file below a directory: its mode, the SHA-256 of its content, and its path.
func tree(ts *testscript.TestScript, args []string) error {
	dir := ts.MkAbs(args[0])
	var out bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		var raw []byte
		if info.Mode().IsRegular() {
			if raw, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		name, _ := filepath.Rel(dir, path)
		fmt.Fprintf(&out, "%s %x %s\n", info.Mode(), sha256.Sum256(raw), filepath.ToSlash(name))
		return nil
	})
	if err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o644)
}
