package image

import (
	"fmt"
	"slices"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// artifact adds a manifest that belongs to a subject.
func (p *place) artifact(t *testing.T, subject Descriptor) Descriptor {
	t.Helper()
	raw, err := Encode(map[string]any{
		"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageManifest, "artifactType": "application/example",
		"config": p.Add(ocispec.MediaTypeEmptyJSON, []byte("{}")), "layers": []Descriptor{}, "subject": subject,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p.Add(ocispec.MediaTypeImageManifest, raw)
}

func TestSpec21ReferrersOfReferrers(t *testing.T) {
	var p place
	image, _, _ := p.image(t, "a")
	other, _, _ := p.image(t, "b")
	index := p.index(t, image)
	sbom := p.artifact(t, image)
	signature := p.artifact(t, sbom)
	g, err := Walk(t.Context(), &p, roots(signature, other, sbom, index))
	if err != nil {
		t.Fatal(err)
	}
	got := g.WithReferrers(func(i int) bool { return g.Roots[i].Digest == index.Digest })
	want := roots(signature, sbom, index)
	if !slices.EqualFunc(got, want, func(a, b Root) bool { return a.Digest == b.Digest }) {
		t.Errorf("got %v, want signature, SBOM and index", got)
	}
	if got := g.WithReferrers(func(int) bool { return true }); len(got) != 4 {
		t.Errorf("got %d roots of all four", len(got))
	}
}

// A chain of referrers in the wrong order took a pass over all roots for each of them.
func TestReferrersOfManyRootsTakeNoTime(t *testing.T) {
	var p place
	const n = 20_000
	last, _, _ := p.image(t, "a")
	all := []Descriptor{last}
	for range n {
		last = p.Add("", fmt.Appendf(nil, `{"schemaVersion":2,"layers":[],"subject":{"digest":%q,"size":%d}}`, last.Digest, last.Size))
		all = append(all, last)
	}
	slices.Reverse(all)
	g, err := Walk(t.Context(), &p, roots(all...))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	got := g.WithReferrers(func(i int) bool { return i == n })
	if took := time.Since(start); len(got) != n+1 || took > 5*time.Second {
		t.Errorf("%d roots in %v", len(got), took)
	}
}
