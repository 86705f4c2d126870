package tarball

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
)

// testBlobs is a source of blobs in memory, of any algorithm.
type testBlobs struct {
	blobs map[digest.Digest][]byte
	roots []image.Root
}

func (s *testBlobs) Roots(context.Context) ([]image.Root, error) { return s.roots, nil }

func (s *testBlobs) Has(_ context.Context, d image.Descriptor) (bool, error) {
	_, ok := s.blobs[d.Digest]
	return ok, nil
}

func (s *testBlobs) Open(_ context.Context, d image.Descriptor) (*image.Blob, error) {
	raw, ok := s.blobs[d.Digest]
	if !ok {
		return nil, image.Missingf("open blob %s: not here", d.Digest)
	}
	return image.NewBlob(bytes.NewReader(raw), int64(len(raw)), nil), nil
}

func (s *testBlobs) add(mediaType string, raw []byte) image.Descriptor {
	return s.addAs(digest.SHA256, mediaType, raw)
}

func (s *testBlobs) addAs(algorithm digest.Algorithm, mediaType string, raw []byte) image.Descriptor {
	d := image.Descriptor{MediaType: mediaType, Digest: algorithm.FromBytes(raw), Size: int64(len(raw))}
	if s.blobs == nil {
		s.blobs = map[digest.Digest][]byte{}
	}
	s.blobs[d.Digest] = raw
	return d
}

func (s *testBlobs) addJSON(t *testing.T, mediaType string, v any) image.Descriptor {
	t.Helper()
	raw, err := image.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return s.add(mediaType, raw)
}

// image adds an image of plain layers with one file each and returns its manifest's descriptor.
func (s *testBlobs) image(t *testing.T, platform string, files ...string) image.Descriptor {
	t.Helper()
	var layers []image.Descriptor
	var diffIDs []digest.Digest
	for _, f := range files {
		l := s.add(ocispec.MediaTypeImageLayer, testLayer(t, f))
		layers, diffIDs = append(layers, l), append(diffIDs, l.Digest)
	}
	os, arch, _ := strings.Cut(platform, "/")
	config := s.addJSON(t, ocispec.MediaTypeImageConfig, map[string]any{
		"created": "2024-05-06T07:08:09.123456789Z", "architecture": arch, "os": os,
		"config": map[string]any{"Cmd": []string{"/bin/sh"}, "Labels": map[string]string{"a": "<b> & c"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs},
	})
	raw, err := image.NewManifest(config, layers)
	if err != nil {
		t.Fatal(err)
	}
	d := s.add(ocispec.MediaTypeImageManifest, raw)
	p, err := image.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	d.Platform = &p
	return d
}

func (s *testBlobs) index(t *testing.T, manifests ...image.Descriptor) image.Descriptor {
	t.Helper()
	return s.addJSON(t, ocispec.MediaTypeImageIndex, map[string]any{
		"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageIndex, "manifests": manifests,
	})
}

// root lists a descriptor under names, or under none.
func (s *testBlobs) root(d image.Descriptor, names ...image.Reference) {
	if len(names) == 0 {
		s.roots = append(s.roots, image.Root{Descriptor: d})
	}
	for _, name := range names {
		s.roots = append(s.roots, image.Root{Descriptor: d}.Named(name))
	}
}

func (s *testBlobs) graph(t *testing.T) *image.Graph {
	t.Helper()
	g, err := image.Walk(t.Context(), s, s.roots)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func testLayer(t *testing.T, name string) []byte {
	t.Helper()
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	content := strings.Repeat(name+"\n", 100)
	hdr := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}
	if err := errors.Join(tw.WriteHeader(hdr), second(io.WriteString(tw, content)), tw.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func second(_ int, err error) error { return err }

// save copies all of a source into an archive.
func save(ctx context.Context, w io.Writer, s *testBlobs, g *image.Graph, opts WriterOptions) error {
	txn := NewWriter(w, opts)
	defer txn.Close()
	if err := image.Copy(ctx, txn, s, g, image.CopyOptions{}); err != nil {
		return err
	}
	return txn.Commit(ctx, s.roots)
}

func saved(t *testing.T, s *testBlobs, opts WriterOptions) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := save(t.Context(), &buf, s, s.graph(t), opts); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func savedV1(t *testing.T, s *testBlobs, opts WriterOptions) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := WriteV1(t.Context(), &buf, s, s.graph(t), opts); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// members returns the headers of an archive in order, and the contents by name.
func members(t *testing.T, archive io.Reader) (headers []*tar.Header, content map[string][]byte) {
	t.Helper()
	content = map[string][]byte{}
	for tr := tar.NewReader(archive); ; {
		hdr, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return headers, content
		}
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		headers, content[hdr.Name] = append(headers, hdr), raw
		if hdr.Typeflag == tar.TypeSymlink {
			content[hdr.Name] = []byte(hdr.Linkname)
		}
	}
}

func memberNames(headers []*tar.Header) []string {
	var names []string
	for _, hdr := range headers {
		names = append(names, hdr.Name)
	}
	return names
}

func decode(t *testing.T, raw []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
}

// docker20 reads an archive of docker from 1.10 to 24 into a source, without the code that imgtool reads them with.
func docker20(t *testing.T, file string) (s *testBlobs, headers []*tar.Header, content map[string][]byte) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, _, err := compression.Open(f, compression.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	headers, content = members(t, plain)
	read := maps.Clone(content)
	for _, hdr := range headers {
		if hdr.Typeflag == tar.TypeSymlink {
			read[hdr.Name] = content[path.Join(path.Dir(hdr.Name), hdr.Linkname)]
		}
	}
	var entries []manifestEntry
	for name := range content {
		read[path.Clean(name)] = read[name]
	}
	decode(t, read["manifest.json"], &entries)
	s = &testBlobs{}
	for _, e := range entries {
		config := s.add(ocispec.MediaTypeImageConfig, read[path.Clean(e.Config)])
		var layers []image.Descriptor
		for _, name := range e.Layers {
			layers = append(layers, s.add(ocispec.MediaTypeImageLayer, read[path.Clean(name)]))
		}
		raw, err := image.NewManifest(config, layers)
		if err != nil {
			t.Fatal(err)
		}
		var names []image.Reference
		for _, tag := range e.RepoTags {
			name, err := image.ParseReference(tag)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		s.root(s.add(ocispec.MediaTypeImageManifest, raw), names...)
	}
	return s, headers, content
}

// failingWriter fails once it has been written to n times.
type failingWriter struct{ n int }

var errFull = errors.New("no space left")

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, fmt.Errorf("write: %w", errFull)
	}
	return len(b), nil
}
