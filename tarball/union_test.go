package tarball_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/tarball"
)

// layoutMembers returns the members of an OCI layout with all blobs of a source and these roots.
func layoutMembers(t *testing.T, src image.Source, roots ...image.Root) []string {
	t.Helper()
	g, err := image.Walk(t.Context(), src, roots)
	if err != nil {
		t.Fatal(err)
	}
	members := []string{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`}
	for _, d := range g.Blobs() {
		raw, err := image.ReadDocument(t.Context(), src, d)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, "blobs/sha256/"+d.Digest.Encoded(), string(raw))
	}
	var manifests []image.Descriptor
	for _, r := range roots {
		d := r.Descriptor
		d.Annotations = r.Annotations
		manifests = append(manifests, d)
	}
	return append(members, "index.json", toJSON(t, map[string]any{"schemaVersion": 2, "manifests": manifests}))
}

// TestSpec09Union reads layouts with a manifest.json beside them: an image of one layer, an index of it and another.
func TestSpec09Union(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	other := string(imagetest.Layer(t, "b", "2"))
	src := &imagetest.Images{}
	one := src.Manifest(t, imagetest.Platform, []byte(layer))
	arm := image.Platform{OS: "linux", Architecture: "arm64"}
	index := src.Index(t, one, src.Manifest(t, arm, []byte(other)))
	sparse := src.Index(t, one, imagetest.Absent("gone", arm))
	m, err := image.ReadManifest(t.Context(), src, one)
	if err != nil {
		t.Fatal(err)
	}
	config := "blobs/sha256/" + m.Config.Digest.Encoded()
	blob := "blobs/sha256/" + hex(layer)

	root := func(d image.Descriptor, name image.Reference, annotations ...string) image.Root {
		d.Platform = nil
		r := image.Root{Descriptor: d}.Named(name)
		for i := 0; i < len(annotations); i += 2 {
			r.Annotations = map[string]string{annotations[i]: annotations[i+1]}
		}
		return r
	}
	const a1, a2 = image.Reference("docker.io/library/a:1"), image.Reference("docker.io/library/a:2")
	more := []string{"c.json", configOf(t, other), "other.tar", other}

	tests := []struct {
		name    string
		roots   []image.Root
		entries []listing
		extra   []string
		want    []string // names of the roots, with the tag alone in brackets
		warned  int
		damaged bool
	}{
		{
			name: "the same name", roots: []image.Root{root(one, a1)},
			entries: []listing{{config, []string{"a:1"}, []string{blob}}}, want: []string{string(a1)},
		},
		{
			name: "a name of no root", roots: []image.Root{root(one, "")},
			entries: []listing{{config, []string{"a:1", "a:2"}, []string{blob}}}, want: []string{string(a1), string(a2)},
		},
		{
			name: "one more name", roots: []image.Root{root(one, a1)},
			entries: []listing{{config, []string{"a:2"}, []string{blob}}}, want: []string{string(a1), string(a2)},
		},
		{
			name: "no names", roots: []image.Root{root(one, "")},
			entries: []listing{{config, nil, []string{blob}}}, want: []string{""},
		},
		{
			name: "the tag of the name", roots: []image.Root{root(one, "", image.AnnotationRefName, "1")},
			entries: []listing{{config, []string{"a:1"}, []string{blob}}}, want: []string{string(a1)},
		},
		{
			name: "another tag", roots: []image.Root{root(one, "", image.AnnotationRefName, "v9")},
			entries: []listing{{config, []string{"a:1"}, []string{blob}}}, want: []string{"[v9]", string(a1)},
		},
		{
			name: "an index", roots: []image.Root{root(index, "")},
			entries: []listing{{config, []string{"a:1"}, []string{blob}}}, want: []string{string(a1)},
		},
		{
			name: "an index and its image", roots: []image.Root{root(index, a2), root(one, "")},
			entries: []listing{{config, []string{"a:1", "a:2"}, []string{blob}}}, want: []string{string(a2), string(a1)},
		},
		{
			name: "a sparse index", roots: []image.Root{root(sparse, a1)},
			entries: []listing{{config, []string{"a:1"}, []string{blob}}}, want: []string{string(a1)},
		},
		{
			name: "an image of manifest.json alone", roots: []image.Root{root(one, a1)}, extra: more,
			entries: []listing{{config, []string{"a:1"}, []string{blob}}, {"c.json", []string{"a:2"}, []string{"other.tar"}}},
			want:    []string{string(a1), string(a2)},
		},
		{
			name: "one that is not whole", roots: []image.Root{root(one, a1)}, extra: more, warned: 1,
			entries: []listing{{"c.json", []string{"a:2"}, []string{"gone.tar"}}}, want: []string{string(a1)},
		},
		{
			name: "another name of the layer", roots: []image.Root{root(one, a1)}, extra: []string{"x/layer.tar", gzipped(t, layer)},
			entries: []listing{{config, []string{"a:2"}, []string{"x/layer.tar"}}}, want: []string{string(a1), string(a2)},
		},
		{name: "a registry's manifest", roots: []image.Root{root(one, a1)}, want: []string{string(a1)}, warned: 1},

		{
			name: "one name, two images", roots: []image.Root{root(one, a1)}, extra: more, damaged: true,
			entries: []listing{{"c.json", []string{"a:1"}, []string{"other.tar"}}},
		},
		{
			name: "one name, two listed images", roots: []image.Root{root(one, a1)}, extra: more, damaged: true,
			entries: []listing{{"c.json", []string{"a:2"}, []string{"other.tar"}}, {config, []string{"a:2"}, []string{blob}}},
		},
		{
			name: "one config, two numbers of layers", roots: []image.Root{root(one, a1)}, damaged: true,
			entries: []listing{{config, []string{"a:1"}, []string{blob, blob}}},
		},
		{
			name: "one config, two layers", roots: []image.Root{root(one, a1)}, extra: more, damaged: true,
			entries: []listing{{config, []string{"a:1"}, []string{"other.tar"}}},
		},
		{
			name: "one config, two compressed layers", roots: []image.Root{root(one, a1)}, extra: []string{"x", gzipped(t, other)}, damaged: true,
			entries: []listing{{config, []string{"a:1"}, []string{"x"}}},
		},
		{
			name: "one config, two blobs", roots: []image.Root{root(one, a1)}, extra: []string{"blobs/sha256/" + hex(other), other}, damaged: true,
			entries: []listing{{config, []string{"a:1"}, []string{"blobs/sha256/" + hex(other)}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			members := append(layoutMembers(t, src, tt.roots...), tt.extra...)
			manifest := toJSON(t, tt.entries)
			if tt.entries == nil {
				manifest = `{"schemaVersion":2}`
			}
			var warned warnings
			got, err := readAll(t.Context(), openTar(t, append(members, "manifest.json", manifest)...), warned.options())
			if tt.damaged {
				if !errors.Is(err, image.ErrDamaged) {
					t.Errorf("error is %v, should match ErrDamaged", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.written); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			if got.generation != tarball.Both && tt.entries != nil {
				t.Errorf("generation is %v", got.generation)
			}
			if len(warned) != tt.warned {
				t.Errorf("%d warnings %q, want %d", len(warned), warned, tt.warned)
			}
		})
	}
}

// TestSpec09Precedence has all three generations say something else.
func TestSpec09Precedence(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	src := imagetest.Image(t, "oci:1", []byte(layer))
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := hex("v1")
	config := configOf(t, layer)
	v1 := []string{id + "/json", `{"id":"` + id + `"}`, id + "/layer.tar", layer, "repositories", `{"v1":{"1":"` + id + `"}}`}
	docker := []string{"c", config, "l", layer, "manifest.json", toJSON(t, []listing{{"c", []string{"docker:1"}, []string{"l"}}})}
	tests := []struct {
		name    string
		members [][]string
		want    []string
	}{
		{"v1 alone", [][]string{v1}, []string{"docker.io/library/v1:1"}},
		{"manifest.json and v1", [][]string{v1, docker}, []string{"docker.io/library/docker:1"}},
		{
			"manifest.json and a layout of nothing",
			[][]string{docker, {"oci-layout", `{"imageLayoutVersion":"1.0.0"}`, "index.json", `{"manifests":[]}`}},
			[]string{"docker.io/library/docker:1"},
		},
		{"manifest.json and a layout without index", [][]string{docker, {"oci-layout", `{"imageLayoutVersion":"1.0.0"}`}}, []string{"docker.io/library/docker:1"}},
		{"index.json and v1", [][]string{v1, layoutMembers(t, src, roots...)}, []string{"docker.io/library/oci:1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var members []string
			for _, m := range tt.members {
				members = append(members, m...)
			}
			got, err := readAll(t.Context(), openTar(t, members...), tarball.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.written); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}
