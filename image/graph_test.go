package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// place is a source over a Memory that can lack blobs.
type place struct {
	Memory

	gone map[digest.Digest]bool
}

func (p *place) Has(ctx context.Context, d Descriptor) (bool, error) {
	if p.gone[d.Digest] {
		return false, nil
	}
	return p.Memory.Has(ctx, d)
}

func (p *place) lose(d Descriptor) {
	if p.gone == nil {
		p.gone = map[digest.Digest]bool{}
	}
	p.gone[d.Digest] = true
}

// image adds an image of one layer with the given text in it.
func (p *place) image(t *testing.T, text string) (manifest, config, layer Descriptor) {
	t.Helper()
	layer = p.Add(ocispec.MediaTypeImageLayer, []byte(text))
	config = p.Add(ocispec.MediaTypeImageConfig, fmt.Appendf(nil, `{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[%q]}}`, layer.Digest))
	raw, err := NewManifest(config, []Descriptor{layer})
	if err != nil {
		t.Fatal(err)
	}
	return p.Add(ocispec.MediaTypeImageManifest, raw), config, layer
}

func (p *place) index(t *testing.T, children ...Descriptor) Descriptor {
	t.Helper()
	raw, err := Encode(map[string]any{"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageIndex, "manifests": children})
	if err != nil {
		t.Fatal(err)
	}
	return p.Add(ocispec.MediaTypeImageIndex, raw)
}

func roots(ds ...Descriptor) []Root {
	var rs []Root
	for _, d := range ds {
		rs = append(rs, Root{Descriptor: d})
	}
	return rs
}

func TestSpec05SparseIndex(t *testing.T) {
	ctx := t.Context()
	var p place
	a, _, _ := p.image(t, "a")
	b, _, layer := p.image(t, "b")
	top := p.index(t, a, b)
	check := func(name string, absent int, missing digest.Digest) {
		t.Helper()
		g, err := Walk(ctx, &p, roots(top))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n, err := g.Require()
		if missing == "" && (err != nil || n != absent) {
			t.Errorf("%s: got %d absent, %v, want %d", name, n, err, absent)
		}
		if missing != "" && (!errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), missing.String())) {
			t.Errorf("%s: got %v, want %s to be missing", name, err, missing)
		}
	}
	check("all here", 0, "")
	p.lose(layer)
	check("a layer of one absent", 1, "")
	p.lose(b)
	check("a manifest absent", 1, "")
	p.lose(a)
	check("nothing whole", 0, a.Digest)
	p.lose(top)
	check("the index itself absent", 0, top.Digest)
}

func TestRequireWholeManifest(t *testing.T) {
	var p place
	a, config, _ := p.image(t, "a")
	p.lose(config)
	g, err := Walk(t.Context(), &p, roots(a))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Require(); !errors.Is(err, ErrMissing) {
		t.Errorf("got %v, want a missing config", err)
	}
}

func TestWalkRefuses(t *testing.T) {
	var p place
	a, config, layer := p.image(t, "a")
	deep := a
	for range MaxIndexDepth + 1 {
		deep = p.index(t, deep)
	}
	both := p.Add(ocispec.MediaTypeImageManifest, []byte(`{"schemaVersion":2,"config":{},"layers":[],"manifests":[]}`))
	liar := p.Add(ocispec.MediaTypeImageIndex, mustManifest(t, config, layer))
	path := p.Add(ocispec.MediaTypeImageIndex, []byte(`{"schemaVersion":2,"manifests":[{"digest":"sha256:../../../etc/passwd","size":1}]}`))
	count := p.Add(ocispec.MediaTypeImageManifest, mustManifest(t, config, layer, layer))
	size := a
	size.Size++
	for _, tt := range []struct {
		name string
		root Descriptor
		want string
	}{
		{"indexes too deep", deep, "nested deeper"},
		{"manifest and index at once", both, "ambiguous"},
		{"another kind than described", liar, "ambiguous"},
		{"digest as a path", path, "digest"},
		{"layers and diff IDs differ in number", count, "2 layers"},
		{"wrong size", size, "size is"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Walk(t.Context(), &p, roots(tt.root))
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want damage that says %q", err, tt.want)
			}
		})
	}
}

func mustManifest(t *testing.T, config Descriptor, layers ...Descriptor) []byte {
	t.Helper()
	raw, err := NewManifest(config, layers)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestWalkGoesOnBehindDamage(t *testing.T) {
	var p place
	bad := p.Add(ocispec.MediaTypeImageManifest, []byte(`{`))
	good, _, _ := p.image(t, "a")
	g, err := Walk(t.Context(), &p, roots(bad, good))
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want damage", err)
	}
	if g.Tops[0].Err == nil || g.Tops[1].Err != nil || !g.Tops[1].Whole() {
		t.Errorf("the damage is not where it belongs: %v, %v", g.Tops[0].Err, g.Tops[1].Err)
	}
}

func TestBlobsStandBehindWhatTheyReference(t *testing.T) {
	var p place
	a, config, layer := p.image(t, "a")
	top := p.index(t, a)
	g, err := Walk(t.Context(), &p, roots(top, a))
	if err != nil {
		t.Fatal(err)
	}
	var got []digest.Digest
	for _, d := range g.Blobs() {
		got = append(got, d.Digest)
	}
	want := []digest.Digest{config.Digest, layer.Digest, a.Digest, top.Digest}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// bag is a transaction in memory.
type bag struct {
	mu   sync.Mutex
	got  []digest.Digest
	have map[digest.Digest]bool
}

func (b *bag) Put(_ context.Context, d Descriptor, r io.Reader) error {
	if b.have[d.Digest] {
		return nil
	}
	if err := VerifyReader(r, d); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, d.Digest)
	return nil
}

func (*bag) Commit(context.Context, []Root) error { return nil }
func (*bag) Close() error                         { return nil }

// checkWriter fails at Close if it was not given what it should.
type checkWriter struct {
	strings.Builder

	want string
}

func (c *checkWriter) Close() error {
	if c.String() != c.want {
		return Damagef("the check saw %q", c.String())
	}
	return nil
}

func TestCopyChecksWhatPasses(t *testing.T) {
	for _, have := range []bool{false, true} {
		for _, jobs := range []int{0, 4} {
			for _, text := range []string{"a", "other"} {
				var p place
				a, _, layer := p.image(t, "a")
				g, err := Walk(t.Context(), &p, roots(a))
				if err != nil {
					t.Fatal(err)
				}
				dst := &bag{have: map[digest.Digest]bool{layer.Digest: have}}
				err = Copy(t.Context(), dst, &p, g, CopyOptions{Jobs: jobs, Check: func(d Descriptor) io.WriteCloser {
					if d.Digest != layer.Digest {
						return nil
					}
					return &checkWriter{want: text}
				}})
				if (err == nil) != (text == "a") {
					t.Errorf("have %v, jobs %d, check for %q: %v", have, jobs, text, err)
				}
			}
		}
	}
}

func TestCopyRefusesOtherBytes(t *testing.T) {
	var p place
	a, _, layer := p.image(t, "a")
	g, err := Walk(t.Context(), &p, roots(a))
	if err != nil {
		t.Fatal(err)
	}
	p.blobs[layer.Digest] = []byte("b")
	if err := Copy(t.Context(), &bag{}, &p, g, CopyOptions{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want damage", err)
	}
}

func TestSpec21Referrers(t *testing.T) {
	var p place
	a, _, _ := p.image(t, "a")
	b, _, _ := p.image(t, "b")
	signature := p.Add(ocispec.MediaTypeImageManifest, fmt.Appendf(nil,
		`{"schemaVersion":2,"config":{"mediaType":"application/x","digest":%q,"size":%d},"layers":[],"subject":{"digest":%q,"size":1}}`, a.Digest, a.Size, a.Digest))
	onSignature := p.Add(ocispec.MediaTypeImageManifest, fmt.Appendf(nil,
		`{"schemaVersion":2,"config":{"mediaType":"application/y","digest":%q,"size":%d},"layers":[],"subject":{"digest":%q,"size":1}}`, a.Digest, a.Size, signature.Digest))
	cosign := p.Add(ocispec.MediaTypeImageManifest, []byte(`{"schemaVersion":2,"layers":[]}`))
	cosign.Annotations = map[string]string{AnnotationRefName: "sha256-" + b.Digest.Encoded() + ".sig"}
	all := roots(onSignature, signature, cosign, a, b)
	g, err := Walk(t.Context(), &p, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		chosen int
		want   []int
	}{{3, []int{0, 1, 3}}, {4, []int{2, 4}}} {
		var want []Root
		for _, i := range tt.want {
			want = append(want, all[i])
		}
		got := g.WithReferrers(func(i int) bool { return i == tt.chosen })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}
