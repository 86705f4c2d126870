package tarball

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

// What docker 20.10 has saved is written again from its configs and layers alone: the same bytes.
func TestWriteV1IsDocker20(t *testing.T) {
	for _, name := range []string{"docker20.tar", "docker20-id.tar.gz", "docker20-multi.tar"} {
		t.Run(name, func(t *testing.T) {
			s, wantHeaders, wantContent := docker20(t, filepath.Join("..", "testdata", "archives", name))
			gotHeaders, gotContent := members(t, bytes.NewReader(savedV1(t, s, WriterOptions{})))
			if wantContent["repositories"] == nil { // ours is always there; docker leaves out an empty one
				gotHeaders = slices.DeleteFunc(gotHeaders, func(hdr *tar.Header) bool { return hdr.Name == "repositories" })
				delete(gotContent, "repositories")
			}
			forgetLinkTimes(gotHeaders)
			forgetLinkTimes(wantHeaders)
			if diff := cmp.Diff(wantHeaders, gotHeaders); diff != "" {
				t.Errorf("headers (-docker +ours): %s", diff)
			}
			if diff := cmp.Diff(texts(wantContent), texts(gotContent)); diff != "" {
				t.Errorf("contents (-docker +ours): %s", diff)
			}
		})
	}
}

// forgetLinkTimes clears the time of directories whose layer is a link: docker leaves them the time of the save.
func forgetLinkTimes(headers []*tar.Header) {
	linked := map[string]bool{}
	for _, hdr := range headers {
		linked[path.Dir(hdr.Name)] = linked[path.Dir(hdr.Name)] || hdr.Typeflag == tar.TypeSymlink
	}
	for _, hdr := range headers {
		if linked[path.Dir(hdr.Name)] || linked[path.Clean(hdr.Name)] {
			hdr.ModTime = time.Time{}
		}
	}
}

func texts(content map[string][]byte) map[string]string {
	all := map[string]string{}
	for name, raw := range content {
		if strings.HasSuffix(name, "layer.tar") {
			raw = fmt.Appendf(nil, "%x", sha256.Sum256(raw))
		}
		all[name] = string(raw)
	}
	return all
}

// The v1 IDs and json documents of archives that docker and others have written, computed again from the configs.
func TestV1ChainOfFixtures(t *testing.T) {
	dir := os.Getenv("IMGTOOL_FIXTURES")
	if dir == "" {
		t.Skip("IMGTOOL_FIXTURES is not set")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "fixtures.json"))
	if err != nil {
		t.Fatal(err)
	}
	var fixtures []struct {
		Name, Producer string
		Tags           []string
	}
	decode(t, raw, &fixtures)
	for _, f := range fixtures {
		if !slices.Contains(f.Tags, "v1+manifest") {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			s, _, content := docker20(t, filepath.Join(dir, f.Name))
			var entries []manifestEntry
			decode(t, content["manifest.json"], &entries)
			g, err := image.Walk(t.Context(), s, s.roots)
			why, differs := notDocker20[f.Name]
			if err != nil {
				why, differs = err.Error(), true
			}
			same, layers := compareChains(t, wholeImages(g), entries, content)
			switch {
			case differs && same == layers && err == nil:
				t.Errorf("all %d layers are as here, in spite of: %s", layers, why)
			case differs:
				t.Skipf("other v1 IDs: %s", why)
			case same != layers:
				t.Errorf("%d of %d layers have this ID and json", same, layers)
			}
		})
	}
}

// notDocker20 says why an archive has other v1 IDs than docker gives where local time is UTC.
var notDocker20 = map[string]string{
	"GoogleContainerTools_jib/docker-save.tar":               "made by jib",
	"bazelbuild_rules_docker/image_with_symlinked_layer.tar": "made by bazel",
	"bazelbuild_rules_docker/pause.tar":                      "saved by docker 1.10, which has no os and the year 1",
	"google_go-containerregistry/overwritten_file.tar":       "made by bazel",
	"google_go-containerregistry/source_image.tar":           "made by bazel",
	"google_go-containerregistry/test_image_2.tar":           "made by bazel",
	"google_go-containerregistry/whiteout_image.tar":         "made by bazel",
	"knative_func/image.tar":                                 "made by podman",
	"operator-framework_operator-registry/2-bundle.tar":      "saved where local time is not UTC",
	"operator-framework_operator-registry/bundle.tar":        "saved where local time is not UTC",
	"snyk_snyk-docker-plugin/busybox.tar":                    "made by skopeo",
	"snyk_snyk-docker-plugin/java.tar":                       "changed by hand",
	"snyk_snyk-docker-plugin/nodes-fake.tar":                 "made by skopeo",
	"swipely_docker-api/load.tar":                            "saved by docker 1.10, which has no os and the year 1",
	"wagoodman_dive/test-docker-image.tar":                   "saved where local time is not UTC",
}

// compareChains counts the layers of all images, and those whose ID and json are those of the archive.
func compareChains(t *testing.T, images []*savedImage, entries []manifestEntry, content map[string][]byte) (same, layers int) {
	t.Helper()
	for i, im := range images {
		chain, err := v1Chain(im.node)
		if err != nil {
			t.Fatal(err)
		}
		for k, l := range chain {
			layers++
			if l.id+"/layer.tar" == entries[i].Layers[k] && string(l.json) == string(content[l.id+"/json"]) {
				same++
			}
		}
	}
	return same, layers
}

func TestSpec11WriteV1(t *testing.T) {
	headers, content := members(t, bytes.NewReader(savedV1(t, mixed(t), WriterOptions{Host: amd64})))
	var entries []manifestEntry
	decode(t, content["manifest.json"], &entries)
	var repositories map[string]map[string]string
	decode(t, content["repositories"], &repositories)
	if len(entries) != 4 || len(entries[0].Layers) != 3 {
		t.Fatalf("manifest.json: %+v", entries)
	}
	top := path.Dir(entries[0].Layers[2])
	want := map[string]map[string]string{
		"app":                         {"1": top},
		"registry.example/team/other": {"2.0": top},
		"multi":                       {"latest": path.Dir(entries[2].Layers[1])},
	}
	if diff := cmp.Diff(want, repositories); diff != "" {
		t.Errorf("repositories: %s", diff)
	}
	if got, want := string(content[entries[0].Layers[2]]), "../"+entries[0].Layers[0]; got != want {
		t.Errorf("the third layer, which is the first, is %q, want a link to %q", got, want)
	}
	names := memberNames(headers[:len(headers)-2])
	if !slices.IsSorted(names) {
		t.Errorf("members are not sorted: %q", names)
	}
	// The chain of the first image, from its tip down, as docker before 1.10 reads it.
	var chain []string
	for id := top; id != ""; {
		chain = append(chain, id+"/layer.tar")
		var v struct{ ID, Parent string }
		decode(t, content[id+"/json"], &v)
		if v.ID != id || string(content[id+"/VERSION"]) != "1.0" {
			t.Errorf("%s: json has ID %q, VERSION is %q", id, v.ID, content[id+"/VERSION"])
		}
		id = v.Parent
	}
	slices.Reverse(chain)
	if diff := cmp.Diff(entries[0].Layers, chain); diff != "" {
		t.Errorf("layers by parents: %s", diff)
	}
}

func TestWriteV1Warns(t *testing.T) {
	s := mixed(t)
	g := s.graph(t)
	delete(s.blobs, g.Tops[3].Manifest.Layers[0].Digest) // that of the image with a tag alone
	var got []string
	savedV1(t, s, WriterOptions{Warn: func(w string) { got = append(got, w) }})
	want := []string{
		"1 artifacts (signatures, attestations and the like) are left out: docker-v1 has no place for them",
		"1 images are left out, because not all of their blobs are here",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWriteV1Refuses(t *testing.T) {
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	if _, err := zw.Write(testLayer(t, "a")); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, mediaType, config string
		layer                   []byte
		want                    string
	}{
		{
			"compressed", ocispec.MediaTypeImageLayerGzip,
			`{"os":"linux","rootfs":{"diff_ids":["` + digest.FromBytes(testLayer(t, "a")).String() + `"]}}`, packed.Bytes(),
			"not a plain tar",
		},
		{
			"compressed, but called plain", ocispec.MediaTypeImageLayer,
			`{"os":"linux","rootfs":{"diff_ids":["` + digest.FromBytes(testLayer(t, "a")).String() + `"]}}`, packed.Bytes(),
			"not a plain tar",
		},
		{"compressed, without diff IDs", ocispec.MediaTypeImageLayerGzip, `{"os":"linux"}`, packed.Bytes(), "not a plain tar"},
		{"plain, without diff IDs", ocispec.MediaTypeImageLayer, `{"os":"linux"}`, testLayer(t, "a"), ""},
		{
			"plain, called compressed", ocispec.MediaTypeImageLayerGzip,
			`{"os":"linux","rootfs":{"diff_ids":["` + digest.FromBytes(testLayer(t, "a")).String() + `"]}}`, testLayer(t, "a"), "",
		},
		{
			"plain, its diff ID by another algorithm", ocispec.MediaTypeImageLayer,
			`{"os":"linux","rootfs":{"diff_ids":["` + digest.SHA512.FromBytes(testLayer(t, "a")).String() + `"]}}`, testLayer(t, "a"), "",
		},
		{
			"compressed, its diff ID by another algorithm", ocispec.MediaTypeImageLayerGzip,
			`{"os":"linux","rootfs":{"diff_ids":["` + digest.SHA512.FromBytes(testLayer(t, "a")).String() + `"]}}`, packed.Bytes(), "not a plain tar",
		},
		{"a config of other types", ocispec.MediaTypeImageLayer, `{"os":"linux","config":{"Labels":7}}`, testLayer(t, "a"), "parse config"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &testBlobs{}
			config := s.add(ocispec.MediaTypeImageConfig, []byte(tt.config))
			raw, err := image.NewManifest(config, []image.Descriptor{s.add(tt.mediaType, tt.layer)})
			if err != nil {
				t.Fatal(err)
			}
			s.root(s.add(ocispec.MediaTypeImageManifest, raw), app)
			var buf bytes.Buffer
			err = WriteV1(t.Context(), &buf, s, s.graph(t), WriterOptions{})
			if (tt.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("WriteV1: %v, want %q", err, tt.want)
			}
			if err != nil && buf.Len() > 0 {
				t.Errorf("%d bytes were written", buf.Len())
			}
		})
	}
	empty := &testBlobs{}
	if err := WriteV1(t.Context(), io.Discard, empty, empty.graph(t), WriterOptions{}); !errors.Is(err, image.ErrNotFound) {
		t.Errorf("no image: %v", err)
	}
}

// A layer that is not what its descriptor says is found out as it is copied.
func TestWriteV1Damage(t *testing.T) {
	s := mixed(t)
	g := s.graph(t)
	d := g.Tops[0].Manifest.Layers[0].Digest
	s.blobs[d] = bytes.Replace(s.blobs[d], []byte("a\na"), []byte("a\nb"), 1)
	if err := WriteV1(t.Context(), io.Discard, s, g, WriterOptions{}); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("WriteV1: %v, want damage", err)
	}
}

// An image without layers has none in manifest.json, and an empty one in the chain, so that readers of the chain find it.
func TestWriteV1WithoutLayers(t *testing.T) {
	s := &testBlobs{}
	s.root(s.image(t, "linux/amd64"), app)
	headers, content := members(t, bytes.NewReader(savedV1(t, s, WriterOptions{})))
	config := s.graph(t).Tops[0].Manifest.Config.Digest.Encoded() + ".json"
	const id = "b0b3fa84a834bf1135946d75f3f4d592dfef97c42a33f21f991e67f92777fcbd"
	want := []string{config, id + "/", id + "/VERSION", id + "/json", id + "/layer.tar", "manifest.json", "repositories"}
	if diff := cmp.Diff(want, memberNames(headers)); diff != "" {
		t.Error(diff)
	}
	if want := `[{"Config":"` + config + `","RepoTags":["app:1"],"Layers":[]}]` + "\n"; string(content["manifest.json"]) != want {
		t.Errorf("manifest.json: %s", content["manifest.json"])
	}
	if want := `{"app":{"1":"` + id + `"}}` + "\n"; string(content["repositories"]) != want {
		t.Errorf("repositories: %s", content["repositories"])
	}
	if !bytes.Equal(content[id+"/layer.tar"], make([]byte, 1024)) {
		t.Errorf("layer.tar: %q", content[id+"/layer.tar"])
	}
}

func TestStringOrList(t *testing.T) {
	for raw, want := range map[string]string{`"a b"`: `["a b"]`, `["a","b"]`: `["a","b"]`, `null`: `null`, `[]`: `[]`} {
		var v struct{ Cmd stringOrList }
		decode(t, []byte(`{"Cmd":`+raw+`}`), &v)
		if got, err := json.Marshal(v); err != nil || string(got) != `{"Cmd":`+want+`}` {
			t.Errorf("%s is written as %s, %v", raw, got, err)
		}
	}
}
