package interop

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
)

// TestLegacy has Docker 20.10 load docker-v1 archives as what they are, and by its code for Docker before 1.10, which sees
// only v1's own files. Names, layers, the config's section of the container and the merged tree are the same.
func TestLegacy(t *testing.T) {
	l := openLab(t)
	e := openEngine(l, "docker20")
	for _, archive := range []string{"docker20.tar", "docker29-gzip.tar", "podman-oci.tar"} {
		t.Run(archive, func(t *testing.T) {
			dir := t.TempDir()
			modern, legacy := filepath.Join(dir, "modern.tar"), filepath.Join(dir, "legacy.tar")
			l.tool(t, filepath.Join(dir, "store"), "convert", "--format", "docker-v1", produced(t, archive), modern)
			strip(t, modern, legacy)
			before, ran := loadAndExport(t, e, modern)
			after, old := loadAndExport(t, e, legacy)
			for name, v := range before { // the legacy path makes a config, and so an ID, of its own
				v.ID = after[name].ID
				before[name] = v
			}
			if d := cmp.Diff(before, after); d != "" {
				t.Errorf("-as docker 20.10's own +as legacy v1:\n%s", d)
			}
			if d := cmp.Diff(ran, old); d != "" {
				t.Errorf("containers: -as docker 20.10's own +as legacy v1:\n%s", d)
			}
			if len(ran.Tree) < 30 {
				t.Errorf("the tree has %d entries", len(ran.Tree))
			}
		})
	}
}

// TestLegacyBytes compares docker-v1 output with what Docker 20.10 itself saved of the same images: the same files with the
// same content.
func TestLegacyBytes(t *testing.T) {
	l := openLab(t)
	for _, archive := range []string{"docker20.tar", "docker20-multi.tar", "docker20-id.tar.gz"} {
		t.Run(archive, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "v1.tar")
			l.tool(t, filepath.Join(dir, "store"), "convert", "--format", "docker-v1", produced(t, archive), path)
			want, got := readMembers(t, produced(t, archive)), readMembers(t, path)
			if want["repositories"] == nil && string(got["repositories"]) == "{}\n" {
				delete(got, "repositories") // without names Docker leaves it out; readers of the old form tell it by this file
			}
			if d := cmp.Diff(digests(want), digests(got)); d != "" {
				t.Errorf("-docker +imgtool:\n%s", d)
			}
		})
	}
}

func digests(m members) map[string]digest.Digest {
	all := map[string]digest.Digest{}
	for name, raw := range m {
		all[name] = digest.FromBytes(raw)
	}
	return all
}

// strip leaves of a docker-v1 archive what Docker before 1.10 knew: no manifest.json and no configs.
func strip(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	for reader := tar.NewReader(bytes.NewReader(raw)); ; {
		hdr, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(hdr.Name, ".json") {
			continue
		}
		if err := writer.WriteHeader(hdr); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(writer, reader); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// container is what a container of an image would be.
type container struct {
	Config map[string]any
	Tree   map[string]string
}

// loadAndExport empties a daemon, loads an archive of one image, and makes a container of it.
func loadAndExport(t *testing.T, e engine, path string) (holdings, container) {
	t.Helper()
	e.empty(t)
	if err := e.load(path); err != nil {
		t.Fatal(err)
	}
	h, err := e.hold(t)
	if err != nil {
		t.Fatal(err)
	}
	var c container
	for _, v := range maps.All(h) {
		var answer struct{ Config map[string]any }
		if err := e.get("/images/"+v.ID.String()+"/json", &answer); err != nil {
			t.Fatal(err)
		}
		c.Config, c.Tree = answer.Config, e.export(t, v.ID)
	}
	return h, c
}

// export returns the merged tree of an image, by path: what docker create and docker export make of it.
func (e engine) export(t *testing.T, id digest.Digest) map[string]string {
	t.Helper()
	var made struct {
		ID string `json:"Id"`
	}
	body := fmt.Sprintf(`{"Image": %q}`, id)
	raw, err := e.do(http.MethodPost, "/containers/create", strings.NewReader(body))
	if err == nil {
		err = json.Unmarshal(raw, &made)
	}
	if err != nil {
		t.Fatal(err)
	}
	tree, err := e.do(http.MethodGet, "/containers/"+made.ID+"/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.do(http.MethodDelete, "/containers/"+made.ID+"?force=1&v=1", nil); err != nil {
		t.Fatal(err)
	}
	return listing(t, tree)
}

// listing returns a line for each entry of a tar.
func listing(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	all := map[string]string{}
	for reader := tar.NewReader(bytes.NewReader(raw)); ; {
		hdr, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		mtime := hdr.ModTime.Unix()
		if madeByDocker(hdr.Name) {
			mtime = 0
		}
		all[hdr.Name] = fmt.Sprintf("%c %o %d:%d %d %s %s", hdr.Typeflag, hdr.Mode, hdr.Uid, hdr.Gid, mtime, hdr.Linkname, digest.FromBytes(content))
	}
}

// madeByDocker reports whether Docker changes a path when it makes a container.
func madeByDocker(name string) bool {
	switch name {
	case ".dockerenv", "etc/", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab":
		return true
	}
	for _, dir := range []string{"dev/", "proc/", "sys/"} {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return false
}
