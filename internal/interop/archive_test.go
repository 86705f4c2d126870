package interop

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// members are the files of an archive or a layout, by path; links are followed.
type members map[string][]byte

// readMembers reads a small archive, plain or compressed, or a directory. It knows nothing of imgtool's own readers.
func readMembers(t *testing.T, place string) members {
	t.Helper()
	if info, err := os.Stat(place); err == nil && info.IsDir() {
		return readDirectory(t, place)
	}
	raw, err := os.ReadFile(place)
	if err != nil {
		t.Fatal(err)
	}
	m, links := members{}, map[string]string{}
	for reader := tar.NewReader(inflated(t, raw)); ; {
		hdr, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", place, err)
		}
		name := path.Clean(hdr.Name)
		switch hdr.Typeflag {
		case tar.TypeReg:
			if m[name], err = io.ReadAll(reader); err != nil {
				t.Fatal(err)
			}
		case tar.TypeSymlink:
			links[name] = path.Join(path.Dir(name), hdr.Linkname)
		case tar.TypeLink:
			links[name] = path.Clean(hdr.Linkname)
		}
	}
	for name, target := range links {
		m[name] = m[target]
	}
	return m
}

func readDirectory(t *testing.T, dir string) members {
	t.Helper()
	m := members{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		inside, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		m[filepath.ToSlash(inside)], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// inflated returns a reader of what a file holds.
func inflated(t *testing.T, raw []byte) io.Reader {
	t.Helper()
	var reader io.Reader = bytes.NewReader(raw)
	var err error
	switch {
	case bytes.HasPrefix(raw, []byte("\x1f\x8b")):
		reader, err = gzip.NewReader(reader)
	case bytes.HasPrefix(raw, []byte("\x28\xb5\x2f\xfd")):
		reader, err = zstd.NewReader(reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

// blob returns a blob of the layout that the members are.
func (m members) blob(d digest.Digest) ([]byte, bool) {
	raw, ok := m[path.Join(ocispec.ImageBlobsDir, d.Algorithm().String(), d.Encoded())]
	return raw, ok
}

// hold returns what an archive or a layout holds: by its index.json where there is one, else by its manifest.json.
func (m members) hold(t *testing.T) holdings {
	t.Helper()
	if m[ocispec.ImageIndexFile] == nil {
		return m.list(t)
	}
	h := holdings{}
	if err := m.holdLayout(h); err != nil {
		t.Fatal(err)
	}
	return h
}

// list returns what an archive holds by its manifest.json, if it has one.
func (m members) list(t *testing.T) holdings {
	t.Helper()
	h := holdings{}
	if m["manifest.json"] != nil {
		if err := m.holdDocker(h); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (m members) holdLayout(h holdings) error {
	var index ocispec.Index
	if err := json.Unmarshal(m[ocispec.ImageIndexFile], &index); err != nil {
		return err
	}
	for _, d := range index.Manifests {
		v, err := viewOf(m.blob, d.Digest)
		if err != nil {
			return err
		}
		h[nameOf(d)] = v
	}
	return nil
}

// refs returns the references of an index.json by normalised name.
func (m members) refs(t *testing.T) map[string]string {
	t.Helper()
	var index ocispec.Index
	if raw := m[ocispec.ImageIndexFile]; raw != nil {
		if err := json.Unmarshal(raw, &index); err != nil {
			t.Fatal(err)
		}
	}
	refs := map[string]string{}
	for _, d := range index.Manifests {
		refs[nameOf(d)] = d.Annotations[ocispec.AnnotationRefName]
	}
	return refs
}

// nameOf returns the normalised name of an index.json's descriptor.
func nameOf(d ocispec.Descriptor) string {
	if name := d.Annotations["io.containerd.image.name"]; name != "" {
		return normal(name)
	}
	tag := d.Annotations[ocispec.AnnotationRefName]
	if tag != "" && !strings.ContainsAny(tag, "/:@") {
		return ":" + tag
	}
	return normal(tag)
}

// entry is one image of a manifest.json.
type entry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func (m members) holdDocker(h holdings) error {
	var entries []entry
	if err := json.Unmarshal(m["manifest.json"], &entries); err != nil {
		return err
	}
	for _, e := range entries {
		var config ocispec.Image
		if err := json.Unmarshal(m[e.Config], &config); err != nil {
			return fmt.Errorf("config %s: %w", e.Config, err)
		}
		v := view{ID: digest.FromBytes(m[e.Config]), DiffIDs: config.RootFS.DiffIDs}
		for _, name := range e.RepoTags {
			h[normal(name)] = v
		}
		if len(e.RepoTags) == 0 {
			h[""] = v
		}
	}
	return nil
}
