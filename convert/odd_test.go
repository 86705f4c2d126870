package convert

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
)

// imageOf adds an image of layers that are described as they stand.
func (p *place) imageOf(ids []digest.Digest, layers ...image.Descriptor) image.Descriptor {
	p.t.Helper()
	config, err := image.Encode(map[string]any{"os": "linux", "architecture": "amd64", "rootfs": map[string]any{"diff_ids": ids}})
	if err != nil {
		p.t.Fatal(err)
	}
	raw, err := image.NewManifest(p.Add(ocispec.MediaTypeImageConfig, config), layers)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.Add(ocispec.MediaTypeImageManifest, raw)
}

func TestApplyTellsTheCompressionOfKeptLayersRightly(t *testing.T) {
	for _, tt := range []struct{ spec, says, want string }{
		{"gzip", ocispec.MediaTypeImageLayer, ocispec.MediaTypeImageLayerGzip},
		{"none", ocispec.MediaTypeImageLayerZstd, ocispec.MediaTypeImageLayer},
		{"zstd", ocispec.MediaTypeImageLayer, ocispec.MediaTypeImageLayerZstd},
		{"gzip", image.MediaTypeDockerLayer, image.MediaTypeDockerLayerGzip},
		{"gzip", image.MediaTypeDockerForeignLayer, image.MediaTypeDockerForeignLayer},
	} {
		t.Run(tt.spec+" as "+tt.says, func(t *testing.T) {
			p := &place{t: t}
			l, id := p.layer(tt.spec, "a")
			l.MediaType = tt.says
			spec, err := compression.ParseSpec(tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			out, _, err := p.apply(Options{Layers: &spec}, p.imageOf([]digest.Digest{id}, l))
			if err != nil {
				t.Fatal(err)
			}
			sound(t, out)
			got := out.Graph.Tops[0].Manifest.Layers[0]
			if got.Digest != l.Digest || got.MediaType != tt.want {
				t.Errorf("got %s as %s, want %s", got.Digest, got.MediaType, tt.want)
			}
		})
	}
}

// What is at the URLs of a foreign layer is not what it becomes.
func TestApplyDropsURLsOfOtherBytes(t *testing.T) {
	p := &place{t: t}
	l, id := p.layer("gzip", "a")
	l.MediaType, l.URLs = image.MediaTypeDockerForeignLayer, []string{"https://example.org/a"}
	zstd := compression.Spec{Format: compression.Zstd}
	out, _, err := p.apply(Options{Layers: &zstd}, p.imageOf([]digest.Digest{id}, l))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, out)
	if got := out.Graph.Tops[0].Manifest.Layers[0]; len(got.URLs) != 0 || got.MediaType != ocispec.MediaTypeImageLayerZstd {
		t.Errorf("got %s at %v", got.MediaType, got.URLs)
	}
}

func TestApplyReadsATarThatLooksCompressed(t *testing.T) {
	p := &place{t: t}
	l, id := p.layer("none", "\x1f\x8b\x08")
	gzip := compression.Spec{Format: compression.Gzip}
	out, _, err := p.apply(Options{Layers: &gzip}, p.imageOf([]digest.Digest{id}, l))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, out)
	none := compression.Spec{}
	if out, _, err = p.apply(Options{Layers: &none}, p.imageOf([]digest.Digest{id}, l)); err != nil {
		t.Fatal(err)
	}
	if len(out.Changes) > 0 {
		t.Errorf("a plain layer was changed: %v", out.Changes)
	}
}

// belongsTo adds an artifact with a subject.
func (p *place) belongsTo(d image.Descriptor, text string) image.Descriptor {
	return p.Add(ocispec.MediaTypeImageManifest, fmt.Appendf(nil,
		`{"schemaVersion":2,"artifactType":%q,"layers":[],"subject":{"mediaType":%q,"digest":%q,"size":%d}}`, text, d.MediaType, d.Digest, d.Size))
}

func TestSpec21ReferrersOfDroppedReferrersAreDropped(t *testing.T) {
	p := &place{t: t}
	a := p.image("amd64", "", "none")
	sbom := p.belongsTo(a, "sbom")
	signature := p.belongsTo(sbom, "signature")
	gzip := compression.Spec{Format: compression.Gzip}
	for _, order := range [][]image.Descriptor{{a, sbom, signature}, {signature, sbom, a}} {
		out, warnings, err := p.apply(Options{Layers: &gzip}, order...)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Graph.Roots) != 1 || len(warnings) != 2 {
			t.Errorf("%d roots, warnings %q", len(out.Graph.Roots), warnings)
		}
	}
}

// The referrers tag schema of OCI lists what belongs to an image in an index.
func TestSpec21ReferrersHaveNoPlatform(t *testing.T) {
	p := &place{t: t}
	a := p.image("amd64", "", "none")
	sbom := p.belongsTo(a, "sbom")
	listed := p.index(sbom)
	amd, err := image.ParsePlatform("linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	for _, sparse := range []bool{false, true} {
		out, _, err := p.apply(Options{Platforms: []image.Platform{amd}, Sparse: sparse}, a, listed)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, out)
		here := func(d image.Descriptor) bool {
			return slices.ContainsFunc(out.Graph.Blobs(), func(b image.Descriptor) bool { return b.Digest == d.Digest })
		}
		if !here(listed) || !here(sbom) {
			t.Error("what belongs to the image is lost")
		}
	}
	_, _, err = p.apply(Options{Platforms: []image.Platform{{OS: "linux", Architecture: "arm"}}}, a, listed)
	if err == nil || !strings.Contains(err.Error(), "not there") {
		t.Errorf("got %v, want a platform that is not there", err)
	}
}
