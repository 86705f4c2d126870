package command_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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
		words := strings.Fields(usage)
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

// untar unpacks an archive of our own tests.
func untar(ts *testscript.TestScript, args []string) error {
	dir := ts.MkAbs(args[1])
	r := tar.NewReader(strings.NewReader(ts.ReadFile(args[0])))
	for {
		hdr, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(hdr.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		switch hdr.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(path, 0o755)
		case tar.TypeSymlink:
			err = os.Symlink(hdr.Linkname, path)
		default:
			var raw []byte
			if raw, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(path, raw, 0o644)
			}
		}
		if err != nil {
			return err
		}
	}
}

// maketar packs what lies in a directory, in bytewise order.
func maketar(ts *testscript.TestScript, args []string) error {
	dir := ts.MkAbs(args[0])
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		hdr := &tar.Header{Name: filepath.ToSlash(name), Mode: 0o755, Typeflag: tar.TypeDir}
		var content []byte
		switch {
		case e.IsDir():
			hdr.Name += "/"
		case e.Type() == fs.ModeSymlink:
			hdr.Typeflag = tar.TypeSymlink
			hdr.Linkname, err = os.Readlink(path)
		default:
			content, err = os.ReadFile(path)
			hdr.Typeflag, hdr.Mode, hdr.Size = tar.TypeReg, 0o644, int64(len(content))
		}
		if err != nil {
			return err
		}
		if err := w.WriteHeader(hdr); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(args[1]), buf.Bytes(), 0o644)
}

// reseal makes a layout whose blobs were changed fit together again: each blob gets the name of its digest, and the
// documents that name it its digest and size.
func reseal(ts *testscript.TestScript, args []string) error {
	dir := ts.MkAbs(args[0])
	for range 100 {
		changed, err := resealOne(dir)
		if err != nil || !changed {
			return err
		}
	}
	return errors.New("no end of changes")
}

// resealOne renames the first blob that has another digest than its name, and tells whoever names it.
func resealOne(dir string) (changed bool, err error) {
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
	if err != nil {
		return false, err
	}
	for _, path := range blobs {
		raw, err := os.ReadFile(path)
		if err != nil {
			return false, err
		}
		old, sum := filepath.Base(path), fmt.Sprintf("%x", sha256.Sum256(raw))
		if old == sum {
			continue
		}
		if err := os.Rename(path, filepath.Join(filepath.Dir(path), sum)); err != nil {
			return false, err
		}
		return true, renameInDocuments(dir, old, sum, len(raw))
	}
	return false, nil
}

func renameInDocuments(dir, old, sum string, size int) error {
	documents, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
	if err != nil {
		return err
	}
	before := regexp.MustCompile(`("size":\s*)\d+(,\s*"digest":\s*"sha256:` + sum + `")`)
	behind := regexp.MustCompile(`("digest":\s*"sha256:` + sum + `",\s*"size":\s*)\d+`)
	for _, path := range slices.Concat(documents, blobs) {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) && !bytes.HasPrefix(raw, []byte("[")) {
			continue
		}
		text := strings.ReplaceAll(string(raw), old, sum)
		text = before.ReplaceAllString(text, "${1}"+strconv.Itoa(size)+"${2}")
		text = behind.ReplaceAllString(text, "${1}"+strconv.Itoa(size))
		if err := rewrite(path, func([]byte) ([]byte, error) { return []byte(text), nil }); err != nil {
			return err
		}
	}
	return nil
}

// tree writes a line for each file below a directory: its mode, the SHA-256 of its content, and its path.
func tree(ts *testscript.TestScript, args []string) error {
	dir := ts.MkAbs(args[0])
	var out bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
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
