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
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

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
