package image_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
)

// selectGraph is what the selectors of TestSelect are tried on: an image with two names, an index of two platforms, an
// image with a tag alone, one without anything, and one named like the beginning of a digest.
type selectGraph struct {
	*image.Graph

	one, two, arm, index, tagged, bare, hex image.Descriptor
}

var armPlatform = image.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}

func newSelectGraph(t *testing.T) selectGraph {
	t.Helper()
	src := &imagetest.Images{}
	layer := func(content string) []byte { return imagetest.Layer(t, "a", content) }
	g := selectGraph{
		one: src.Manifest(t, imagetest.Platform, layer("1")),
		two: src.Manifest(t, imagetest.Platform, layer("2")),
		arm: src.Manifest(t, armPlatform, layer("3")),
	}
	g.index = src.Index(t, g.arm, g.two, imagetest.Absent("absent", image.Platform{OS: "linux", Architecture: "s390x"}))
	g.tagged = src.Manifest(t, imagetest.Platform, layer("4"))
	g.bare = src.Manifest(t, imagetest.Platform, layer("5"))
	src.List(t, "one", g.one)
	src.List(t, "registry.example:5000/team/one:v1", g.one)
	src.List(t, "index:v2", g.index)
	tagged := image.Root{Descriptor: g.tagged}
	tagged.Platform = nil
	tagged.Annotations = map[string]string{image.AnnotationRefName: "v1"}
	src.ListRoot(tagged)
	src.List(t, "", g.bare)
	g.hex = src.Manifest(t, imagetest.Platform, layer("6"))
	src.List(t, g.one.Digest.Encoded()[:8], g.hex)
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if g.Graph, err = image.Walk(t.Context(), src, roots); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g selectGraph) config(d image.Descriptor) string {
	return g.Node(d.Digest).Manifest.Config.Digest.String()
}

func TestSpec02Select(t *testing.T) {
	g := newSelectGraph(t)
	hex := func(d digest.Digest) string { return d.Encoded() }
	for _, test := range []struct {
		name string
		text string
		want image.Descriptor
		hits int
		err  error
	}{
		{"a familiar name", "one", g.one, 1, nil},
		{"a name and tag", "one:latest", g.one, 1, nil},
		{"a normalised name", "docker.io/library/one:latest", g.one, 1, nil},
		{"another host", "registry.example:5000/team/one:v1", g.one, 1, nil},
		{"no host is added or dropped", "team/one:v1", g.one, 0, image.ErrNotFound},
		{"a tag that is not there", "one:v9", g.one, 0, image.ErrNotFound},
		{"the default tag is latest", "index", g.index, 0, image.ErrNotFound},
		{"a name and digest", "one@" + g.one.Digest.String(), g.one, 1, nil},
		{"a name, tag and digest", "index:v2@" + g.index.Digest.String(), g.index, 1, nil},
		{"a name with another tag and digest", "index:v3@" + g.index.Digest.String(), g.index, 0, image.ErrNotFound},
		{"a name with another digest", "one@" + g.index.Digest.String(), g.index, 0, image.ErrNotFound},
		{"a name and the digest of a manifest below", "index@" + g.arm.Digest.String(), g.arm, 1, nil},
		{"a digest with all its names", g.one.Digest.String(), g.one, 2, nil},
		{"an ID", g.config(g.one), g.one, 2, nil},
		{"an ID without its algorithm", strings.TrimPrefix(g.config(g.one), "sha256:"), g.one, 2, nil},
		{"the beginning of an ID", strings.TrimPrefix(g.config(g.one), "sha256:")[:12], g.one, 2, nil},
		{"the beginning of an ID with its algorithm", g.config(g.one)[:19], g.one, 2, nil},
		{"the beginning of a digest", hex(g.bare.Digest)[:12], g.bare, 1, nil},
		{"a name goes before a beginning", hex(g.one.Digest)[:8], g.hex, 1, nil},
		{"an index", g.index.Digest.String(), g.index, 1, nil},
		{"the ID of an index is that of the host's image", g.config(g.two), g.index, 1, nil},
		{name: "Spec03 the ID of another image of an index", text: g.config(g.arm), want: g.arm, hits: 1, err: nil},
		{name: "Spec03 the digest of an image of an index", text: g.two.Digest.String(), want: g.two, hits: 1, err: nil},
		{name: "Spec10 a tag alone", text: "v1", want: g.tagged, hits: 1, err: nil},
		{name: "Spec10 a tag alone with its mark", text: "::v1", want: g.tagged, hits: 1, err: nil},
		{name: "Spec10 the tag of a name is no tag alone", text: "v2", want: g.index, hits: 0, err: image.ErrNotFound},
		{name: "Spec03 the first", text: "@0", want: g.one, hits: 1, err: nil},
		{name: "Spec03 the third", text: "@2", want: g.index, hits: 1, err: nil},
		{name: "Spec03 one too many", text: "@6", want: g.one, hits: 0, err: image.ErrNotFound},
		{name: "Spec03 below the first", text: "@-1", want: g.one, hits: 0, err: image.ErrNotFound},
		{"nothing", "", g.one, 0, image.ErrNotFound},
		{"a digest that is not here", digest.FromString("x").String(), g.one, 0, image.ErrNotFound},
		{"no name at all", "../etc/passwd", g.one, 0, image.ErrNotFound},
		{"upper case", strings.ToUpper(hex(g.one.Digest)), g.one, 0, image.ErrNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			hits, err := image.Select(g.Graph, test.text, imagetest.Platform)
			if !errors.Is(err, test.err) || len(hits) != test.hits {
				t.Fatalf("Select = %d roots, %v, want %d, %v", len(hits), err, test.hits, test.err)
			}
			for _, r := range hits {
				if r.Digest != test.want.Digest {
					t.Errorf("Select = %s, want %s", r.Digest, test.want.Digest)
				}
			}
		})
	}
}

func TestSpec02SelectAmbiguous(t *testing.T) {
	g := newSelectGraph(t)
	// Of 16 digits some begin several of the digests and IDs here, and what they begin is listed.
	found := false
	for _, digit := range "0123456789abcdef" {
		hits, err := image.Select(g.Graph, string(digit), imagetest.Platform)
		switch {
		case errors.Is(err, image.ErrAmbiguous):
			found = true
			if n := strings.Count(err.Error(), "sha256:"); n < 2 || len(hits) > 0 {
				t.Errorf("Select(%q) = %v, %v, want a list", digit, hits, err)
			}
		case err != nil && !errors.Is(err, image.ErrNotFound):
			t.Errorf("Select(%q): %v", digit, err)
		}
	}
	if !found {
		t.Error("no digit is ambiguous; the test shows nothing")
	}
}

// The host decides what the ID of an index is.
func TestSpec02SelectByHost(t *testing.T) {
	g := newSelectGraph(t)
	hits, err := image.Select(g.Graph, g.config(g.arm), armPlatform)
	if err != nil {
		t.Fatal(err)
	}
	want := []digest.Digest{g.index.Digest}
	if diff := cmp.Diff(want, []digest.Digest{hits[0].Digest}); diff != "" || len(hits) != 1 {
		t.Errorf("Select on arm64 (-want +got):\n%s", diff)
	}
}

func FuzzSelect(f *testing.F) {
	for _, seed := range []string{"one", "@0", "sha256:", "a@sha256:00", "::v1", "@99999999999999999999", "deadbeef"} {
		f.Add(seed)
	}
	src := &imagetest.Images{}
	src.List(f, "one", src.Manifest(f, imagetest.Platform, imagetest.Layer(f, "a", "1")))
	roots, err := src.Roots(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	g, err := image.Walk(f.Context(), src, roots)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hits, err := image.Select(g, text, imagetest.Platform)
		if (err == nil) != (len(hits) > 0) {
			t.Errorf("Select(%q) = %v, %v", text, hits, err)
		}
	})
}
