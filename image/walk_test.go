package image

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestWalkRefusesTwoSizesOfOneBlob(t *testing.T) {
	var p place
	good, config, layer := p.image(t, "a")
	short := layer
	short.Size--
	liar := p.Add(ocispec.MediaTypeImageManifest, mustManifest(t, config, short))
	asLayer := good
	asLayer.Size--
	artifact := p.Add(ocispec.MediaTypeImageManifest, mustManifest(t, config, asLayer))
	for _, tt := range []struct {
		name  string
		roots []Root
	}{
		{"of a layer", roots(good, liar)},
		{"of a layer, the wrong one first", roots(liar, good)},
		{"of a manifest that is a layer", roots(good, artifact)},
		{"of a manifest that is a layer, the wrong one first", roots(artifact, good)},
		{"of a layer in one manifest", roots(p.Add(ocispec.MediaTypeImageManifest, mustManifest(t, Descriptor{}, layer, short)))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Walk(t.Context(), &p, tt.roots)
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v, want damage", err)
			}
		})
	}
}

// A manifest that an artifact has as a layer was taken for done, and its own blobs were left behind.
func TestBlobsOfAManifestThatIsALayerToo(t *testing.T) {
	var p place
	image, config, layer := p.image(t, "a")
	artifact := p.Add(ocispec.MediaTypeImageManifest, mustManifest(t, p.Add(ocispec.MediaTypeEmptyJSON, []byte("{}")), image))
	for _, order := range [][]Descriptor{{artifact, image}, {image, artifact}} {
		g, err := Walk(t.Context(), &p, roots(order...))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []Descriptor{image, config, layer, artifact} {
			if !slices.ContainsFunc(g.Blobs(), func(b Descriptor) bool { return b.Digest == d.Digest }) {
				t.Errorf("%s is not among the blobs", d.Digest)
			}
		}
	}
}

// Listed from the bottom up, each index finds the one below it already read, and could be nested at any depth.
func TestWalkRefusesDepthFromTheBottomUp(t *testing.T) {
	var p place
	d, _, _ := p.image(t, "a")
	all := []Descriptor{d}
	for range MaxIndexDepth {
		d = p.index(t, d)
		all = append(all, d)
	}
	if _, err := Walk(t.Context(), &p, roots(all...)); err != nil {
		t.Errorf("%d indexes inside each other: %v", MaxIndexDepth, err)
	}
	all = append(all, p.index(t, d))
	if _, err := Walk(t.Context(), &p, roots(all...)); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "nested deeper") {
		t.Errorf("got %v, want damage", err)
	}
}

// What looks below each root must not take their number times the number of documents.
func TestWalkBoundsTheWaysDown(t *testing.T) {
	var p place
	a, _, _ := p.image(t, "a")
	wide := p.index(t, slices.Repeat([]Descriptor{a}, 10_000)...)
	many := make([]Root, 10_000)
	for i := range many {
		many[i] = Root{Descriptor: wide, Name: Reference(fmt.Sprintf("docker.io/library/a:%d", i))}
	}
	start := time.Now()
	g, err := Walk(t.Context(), &p, many)
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v, want damage", err)
	}
	_, _ = g.Require()
	g.WithReferrers(func(int) bool { return true })
	_, _ = Select(g, "a:9999", Host())
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	square := p.index(t, slices.Repeat([]Descriptor{wide}, 10_000)...)
	if _, err := Walk(t.Context(), &p, roots(square)); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want damage", err)
	}
}
