package tarball_test

import (
	"bytes"
	"io"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/ulikunitz/xz"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/tarball"
)

func compressed(t testing.TB, content string, open func(io.Writer) (io.WriteCloser, error)) string {
	t.Helper()
	var buf bytes.Buffer
	w, err := open(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func gzipped(t testing.TB, s string) string {
	return compressed(t, s, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func zstded(t testing.TB, s string) string {
	return compressed(t, s, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
}

func xzed(t testing.TB, s string) string {
	return compressed(t, s, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })
}

// TestDialects reads one image of two layers as each maker writes it, in a tar and in a directory: always the same
// config and diff IDs.
func TestDialects(t *testing.T) {
	a, b := string(imagetest.Layer(t, "etc/a", "1")), string(imagetest.Layer(t, "etc/b", "2"))
	config := configOf(t, a, b)
	id1, id2 := hex("one"), hex("two")
	manifest := func(l listing) string { return toJSON(t, []listing{l}) }
	const (
		plain = ocispec.MediaTypeImageLayer
		gz    = ocispec.MediaTypeImageLayerGzip
	)
	tests := []struct {
		name    string
		members []string
		types   [2]string
	}{
		{"docker 1.10 to 24", []string{
			id1 + "/VERSION", "1.0", id1 + "/json", "{}", id1 + "/layer.tar", a, id2 + "/layer.tar", b, hex(config) + ".json", config,
			"manifest.json", manifest(listing{hex(config) + ".json", []string{"a:1"}, []string{id1 + "/layer.tar", id2 + "/layer.tar"}}),
			"repositories", `{"a":{"1":"` + id2 + `"}}`,
		}, [2]string{plain, plain}},
		{"names behind ./", []string{
			"./x/layer.tar", a, "./y/layer.tar", b, "./config.json", config,
			"./manifest.json", manifest(listing{"./config.json", []string{"a:1"}, []string{"./x/layer.tar", "y//layer.tar"}}),
		}, [2]string{plain, plain}},
		{"docker 25 without names", []string{
			"blobs/sha256/" + hex(a), a, "blobs/sha256/" + hex(b), b, "blobs/sha256/" + hex(config), config,
			"oci-layout", `{"imageLayoutVersion":"1.0.0"}`, "index.json", `{"schemaVersion":2,"manifests":null}`,
			"manifest.json", manifest(listing{"blobs/sha256/" + hex(config), []string{"a:1"}, []string{"blobs/sha256/" + hex(a), "blobs/sha256/" + hex(b)}}),
			"repositories", `{"a":{"1":"` + hex(b) + `"}}`,
		}, [2]string{plain, plain}},
		{"podman", []string{
			hex(a) + ".tar", a, hex(b) + ".tar", b, id1 + "/layer.tar", "-> ../" + hex(a) + ".tar", hex(config) + ".json", config,
			"manifest.json", manifest(listing{hex(config) + ".json", []string{"a:1"}, []string{id1 + "/layer.tar", hex(b) + ".tar"}}),
		}, [2]string{plain, plain}},
		{"hard link", []string{
			"first.tar", a, hex(b) + ".tar", b, "again.tar", "=> first.tar", "config.json", config,
			"manifest.json", manifest(listing{"config.json", []string{"a:1"}, []string{"again.tar", hex(b) + ".tar"}}),
		}, [2]string{plain, plain}},
		{"kaniko and crane", []string{
			"sha256:" + hex(config), config, hex(gzipped(t, a)) + ".tar.gz", gzipped(t, a), "0.tar.gz", gzipped(t, b),
			"manifest.json", manifest(listing{"sha256:" + hex(config), []string{"a:1"}, []string{hex(gzipped(t, a)) + ".tar.gz", "0.tar.gz"}}),
		}, [2]string{gz, gz}},
		{"jib", []string{
			"config.json", config, "a.tar.gz", gzipped(t, a), "b.tar.gz", gzipped(t, b),
			"manifest.json", `[{"config":"config.json","repoTags":["a:1"],"layers":["a.tar.gz","b.tar.gz"]}]`,
		}, [2]string{gz, gz}},
		{"zstd and xz", []string{
			"config.json", config, "a", zstded(t, a), "b", xzed(t, b),
			"manifest.json", manifest(listing{"config.json", []string{"a:1"}, []string{"a", "b"}}),
		}, [2]string{ocispec.MediaTypeImageLayerZstd, plain}},
		{"byte order mark", []string{
			"config.json", config, "a", a, "b", b,
			"manifest.json", "\xef\xbb\xbf" + manifest(listing{"config.json", []string{"a:1"}, []string{"a", "b"}}),
		}, [2]string{plain, plain}},
	}
	want := map[string]bool{hex(config) + " " + hex(a)[:12] + " " + hex(b)[:12]: true}
	names := map[string]map[string]bool{"docker.io/library/a:1": {hex(config): true}}
	for _, tt := range tests {
		for form, fsys := range map[string]fs.FS{"tar": openTar(t, tt.members...), "directory": unpacked(t, tt.members...)} {
			t.Run(tt.name+" "+form, func(t *testing.T) {
				var warned warnings
				got, err := readAll(t.Context(), fsys, warned.options())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got.images); diff != "" {
					t.Errorf("images (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(names, got.names); diff != "" {
					t.Errorf("names (-want +got):\n%s", diff)
				}
				if len(warned) > 0 {
					t.Errorf("warnings: %q", warned)
				}
				m := manifests(t, fsys)[0]
				if diff := cmp.Diff(tt.types, [2]string{m.Layers[0].MediaType, m.Layers[1].MediaType}); diff != "" {
					t.Errorf("media types (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// manifests returns the manifests of the roots of an archive, all of which are images.
func manifests(t *testing.T, fsys fs.FS) []*image.Manifest {
	t.Helper()
	a, err := tarball.Open(t.Context(), fsys, tarball.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	roots, err := a.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []*image.Manifest
	for _, r := range roots {
		m, err := image.ReadManifest(t.Context(), a, r.Descriptor)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// TestSpec01Manifest compares the manifest made for a docker archive with the one that the specification gives.
func TestSpec01Manifest(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	config := configOf(t, layer)
	m := manifests(t, openTar(t, "c.json", config, "l", layer,
		"manifest.json", toJSON(t, []listing{{"c.json", nil, []string{"l"}}})))[0]
	want := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:` + hex(config) + `","size":151},` +
		`"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:` + hex(layer) + `","size":2048}]}`
	if diff := cmp.Diff(want, string(m.Raw)); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

// TestOdd reads images that are not as they should be, but whole.
func TestOdd(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	config := configOf(t, layer)
	zeros := string(make([]byte, 1024))
	noDiffIDs := `{"architecture":"amd64","os":"linux"}`
	single := func(l listing) string { return toJSON(t, []listing{l}) }
	tests := []struct {
		name    string
		members []string
		images  []string
		names   []string
		warned  int
	}{
		{
			"Spec08 no diff IDs",
			[]string{"c", noDiffIDs, "l", layer, "manifest.json", single(listing{"c", nil, []string{"l"}})},
			[]string{hex(noDiffIDs) + " " + hex(layer)[:12]},
			nil, 0,
		},
		{
			"no layers",
			[]string{"c", noDiffIDs, "manifest.json", single(listing{"c", nil, nil})},
			[]string{hex(noDiffIDs) + " "},
			nil, 0,
		},
		{
			"zero bytes for a layer of none",
			[]string{"c", configOf(t, ""), "l", "", "manifest.json", single(listing{"c", nil, []string{"l"}})},
			[]string{hex(configOf(t, "")) + " " + hex("")[:12]},
			nil, 0,
		},
		{
			"zero bytes for two blocks",
			[]string{"c", configOf(t, zeros), "l", "", "manifest.json", single(listing{"c", nil, []string{"l"}})},
			[]string{hex(configOf(t, zeros)) + " " + hex(zeros)[:12]},
			nil, 0,
		},
		{"names", []string{"c", config, "l", layer, "manifest.json", single(listing{"c", []string{
			"b:1", "a:1", "docker.io/library/a:1", "<none>:<none>", "", "A:1", "x:y:z", "h:5000/r@sha256:" + hex("d"),
		}, []string{"l"}})}, []string{hex(config) + " " + hex(layer)[:12]}, []string{
			"docker.io/library/b:1", "docker.io/library/a:1", "h:5000/r@sha256:" + hex("d"),
		}, 2},
		{"two images of one name", []string{"c", config, "l", layer, "d", configOf(t), "manifest.json", toJSON(t, []listing{
			{"c", []string{"a:1"}, []string{"l"}}, {"d", []string{"a:1"}, nil},
		})}, []string{hex(config) + " " + hex(layer)[:12], hex(configOf(t)) + " "}, []string{"", "docker.io/library/a:1"}, 1},
		{"an image twice", []string{"c", config, "l", layer, "manifest.json", toJSON(t, []listing{
			{"c", []string{"a:1"}, []string{"l"}}, {"c", []string{"a:1", "a:2"}, []string{"l"}},
		})}, []string{hex(config) + " " + hex(layer)[:12]}, []string{"docker.io/library/a:1", "docker.io/library/a:2"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var warned warnings
			got, err := readAll(t.Context(), openTar(t, tt.members...), warned.options())
			if err != nil {
				t.Fatal(err)
			}
			images := map[string]bool{}
			for _, im := range tt.images {
				images[im] = true
			}
			if diff := cmp.Diff(images, got.images); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.names, got.written); len(tt.names) > 0 && diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			if len(warned) != tt.warned {
				t.Errorf("%d warnings %q, want %d", len(warned), warned, tt.warned)
			}
		})
	}
}
