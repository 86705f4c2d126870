package convert

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layer"
)

// place builds images in memory.
type place struct {
	image.Memory

	t *testing.T
}

func (p *place) layer(spec string, files ...string) (image.Descriptor, digest.Digest) {
	p.t.Helper()
	var raw bytes.Buffer
	w := tar.NewWriter(&raw)
	for _, f := range files {
		body := strings.Repeat(f, 5000)
		if err := w.WriteHeader(&tar.Header{Name: f, Mode: 0o644, Size: int64(len(body))}); err != nil {
			p.t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		p.t.Fatal(err)
	}
	s, err := compression.ParseSpec(spec)
	if err != nil {
		p.t.Fatal(err)
	}
	var blob bytes.Buffer
	z, err := compression.NewWriter(&blob, s)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := z.Write(raw.Bytes()); err != nil {
		p.t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		p.t.Fatal(err)
	}
	return p.Add(layerTypes[s.Format], blob.Bytes()), digest.FromBytes(raw.Bytes())
}

// image adds an image with one layer per spec; extra is put into the manifest.
func (p *place) image(arch, extra string, specs ...string) image.Descriptor {
	p.t.Helper()
	var layers []image.Descriptor
	var ids []digest.Digest
	for i, s := range specs {
		d, id := p.layer(s, fmt.Sprint(arch, i))
		d.Annotations = map[string]string{"keep": "me", "containerd.io/snapshot/stargz/toc.digest": "x"}
		layers, ids = append(layers, d), append(ids, id)
	}
	config, err := image.Encode(map[string]any{"os": "linux", "architecture": arch, "rootfs": map[string]any{"diff_ids": ids}})
	if err != nil {
		p.t.Fatal(err)
	}
	raw, err := image.NewManifest(p.Add(ocispec.MediaTypeImageConfig, config), layers)
	if err != nil {
		p.t.Fatal(err)
	}
	raw = append(raw[:len(raw)-1], extra+"}"...)
	d := p.Add(ocispec.MediaTypeImageManifest, raw)
	d.Platform = &image.Platform{OS: "linux", Architecture: arch}
	return d
}

func (p *place) index(children ...image.Descriptor) image.Descriptor {
	p.t.Helper()
	raw, err := image.Encode(map[string]any{"schemaVersion": 2, "x-unknown": 1.50, "mediaType": ocispec.MediaTypeImageIndex, "manifests": children})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.Add(ocispec.MediaTypeImageIndex, raw)
}

func (p *place) apply(opts Options, roots ...image.Descriptor) (*Result, []string, error) {
	p.t.Helper()
	var rs []image.Root
	for _, d := range roots {
		rs = append(rs, image.Root{Descriptor: d})
	}
	g, err := image.Walk(p.t.Context(), p, rs)
	if err != nil {
		p.t.Fatal(err)
	}
	var warnings []string
	opts.Warn = func(s string) { warnings = append(warnings, s) }
	opts.Jobs = 2
	scratch := image.NewScratch(func() (*os.File, error) { return os.CreateTemp(p.t.TempDir(), "") })
	p.t.Cleanup(func() { scratch.Close() })
	out, err := Apply(p.t.Context(), scratch, p, g, opts)
	return out, warnings, err
}

// sound fails the test unless everything in the result fits.
func sound(t *testing.T, out *Result) {
	t.Helper()
	roots, err := out.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := layer.Audit(t.Context(), out, roots, layer.AuditOptions{})
	if err != nil || len(report.Defects) > 0 {
		t.Fatalf("the result is not sound: %v %v", err, report.Defects)
	}
}

func TestApplyNothingChangesNothing(t *testing.T) {
	p := &place{t: t}
	a := p.image("amd64", "", "gzip", "none")
	top := p.index(a)
	out, warnings, err := p.apply(Options{}, top, a)
	if err != nil || len(out.Changes) > 0 || len(warnings) > 0 {
		t.Fatalf("%v, changes %v, warnings %v", err, out.Changes, warnings)
	}
	if out.Graph.Roots[0].Digest != top.Digest || out.Graph.Roots[1].Digest != a.Digest {
		t.Error("a root changed")
	}
}

func TestApplyCompression(t *testing.T) {
	for _, to := range []string{"none", "gzip", "zstd", "gzip:9"} {
		t.Run(to, func(t *testing.T) {
			p := &place{t: t}
			a := p.image("amd64", `,"x-unknown":{"b":1,"a":1.50},"annotations":{"k":"v"}`, "gzip", "none", "zstd", "gzip")
			spec, err := compression.ParseSpec(to)
			if err != nil {
				t.Fatal(err)
			}
			out, _, err := p.apply(Options{Layers: &spec}, p.index(a))
			if err != nil {
				t.Fatal(err)
			}
			sound(t, out)
			n := image.Images(out.Graph.Tops[0])[0]
			for i, l := range n.Manifest.Layers {
				if l.MediaType != layerTypes[spec.Format] {
					t.Errorf("layer %d: media type %s", i, l.MediaType)
				}
				kept := slices.ContainsFunc(mustManifest(t, p, a).Layers, func(d image.Descriptor) bool { return d.Digest == l.Digest })
				if kept != (l.Annotations["containerd.io/snapshot/stargz/toc.digest"] != "") || l.Annotations["keep"] != "me" {
					t.Errorf("layer %d, kept %v: annotations %v", i, kept, l.Annotations)
				}
			}
			if !strings.Contains(string(n.Manifest.Raw), `"x-unknown":{"b":1,"a":1.50},"annotations":{"k":"v"}`) {
				t.Errorf("unknown members were changed: %s", n.Manifest.Raw)
			}
			if !strings.Contains(string(out.Graph.Tops[0].Index.Raw), `"x-unknown":1.5`) {
				t.Errorf("unknown members of the index were changed: %s", out.Graph.Tops[0].Index.Raw)
			}
		})
	}
}

func mustManifest(t *testing.T, src image.Source, d image.Descriptor) *image.Manifest {
	t.Helper()
	m, err := image.ReadManifest(t.Context(), src, d)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestApplyMediaTypesThereAndBack(t *testing.T) {
	p := &place{t: t}
	a := p.image("amd64", "", "gzip", "none")
	out, _, err := p.apply(Options{MediaTypes: Docker}, p.index(a))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, out)
	n := image.Images(out.Graph.Tops[0])[0]
	got := []string{out.Graph.Tops[0].Descriptor.MediaType, n.Manifest.MediaType, n.Manifest.Config.MediaType, n.Manifest.Layers[0].MediaType, n.Manifest.Layers[1].MediaType}
	want := []string{image.MediaTypeDockerManifestList, image.MediaTypeDockerManifest, image.MediaTypeDockerConfig, image.MediaTypeDockerLayerGzip, image.MediaTypeDockerLayer}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	scratch := image.NewScratch(func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") })
	defer scratch.Close()
	back, err := Apply(t.Context(), scratch, out, out.Graph, Options{MediaTypes: OCI})
	if err != nil {
		t.Fatal(err)
	}
	if got := image.Images(back.Graph.Tops[0])[0].Descriptor.Digest; got != a.Digest {
		t.Errorf("there and back the manifest became %s, was %s", got, a.Digest)
	}
}

func TestSpec21ZstdMakesADockerManifestOCI(t *testing.T) {
	p := &place{t: t}
	a := p.image("amd64", "", "gzip")
	out, _, err := p.apply(Options{MediaTypes: Docker}, a)
	if err != nil {
		t.Fatal(err)
	}
	scratch := image.NewScratch(func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") })
	defer scratch.Close()
	var warnings []string
	zstd := compression.Spec{Format: compression.Zstd}
	out, err = Apply(t.Context(), scratch, out, out.Graph, Options{Layers: &zstd, Warn: func(s string) { warnings = append(warnings, s) }})
	if err != nil {
		t.Fatal(err)
	}
	sound(t, out)
	m := out.Graph.Tops[0].Manifest
	if m.MediaType != ocispec.MediaTypeImageManifest || m.Config.MediaType != ocispec.MediaTypeImageConfig || m.Layers[0].MediaType != ocispec.MediaTypeImageLayerZstd || len(warnings) != 1 {
		t.Errorf("%s, warnings %v", m.Raw, warnings)
	}
}

func TestSpec05Platforms(t *testing.T) {
	amd := image.Platform{OS: "linux", Architecture: "amd64"}
	for _, tt := range []struct {
		name   string
		want   []image.Platform
		sparse bool
		here   []string // architectures whose image is whole afterwards
		err    error
	}{
		{"one, dense", []image.Platform{amd}, false, []string{"amd64"}, nil},
		{"one, sparse", []image.Platform{amd}, true, []string{"amd64"}, nil},
		{"two", []image.Platform{amd, {OS: "linux", Architecture: "s390x"}}, false, []string{"amd64", "s390x"}, nil},
		{"not listed", []image.Platform{{OS: "linux", Architecture: "riscv64"}}, false, nil, image.ErrNotFound},
		{"listed but absent", []image.Platform{{OS: "linux", Architecture: "arm64"}}, false, nil, image.ErrMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &place{t: t}
			a, s := p.image("amd64", "", "gzip"), p.image("s390x", "", "none")
			absent := image.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString("x"), Size: 1, Platform: &image.Platform{OS: "linux", Architecture: "arm64"}}
			attestation := p.Add(ocispec.MediaTypeImageManifest, []byte(`{"schemaVersion":2,"config":{"mediaType":"application/x","digest":"`+a.Digest.String()+`","size":`+strconv.FormatInt(a.Size, 10)+`},"layers":[]}`))
			attestation.Annotations = map[string]string{image.AnnotationReferenceDigest: a.Digest.String(), image.AnnotationReferenceType: "attestation-manifest"}
			attestation.Platform = &image.Platform{OS: "unknown", Architecture: "unknown"}
			top := p.index(a, s, absent, attestation)
			out, _, err := p.apply(Options{Platforms: tt.want, Sparse: tt.sparse}, top)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if tt.err != nil {
				return
			}
			sound(t, out)
			var here []string
			for _, n := range image.Images(out.Graph.Tops[0]) {
				if n.Whole() {
					here = append(here, n.Config.Architecture)
				}
			}
			if diff := cmp.Diff(tt.here, here); diff != "" {
				t.Error(diff)
			}
			if tt.sparse != (out.Graph.Roots[0].Digest == top.Digest) {
				t.Error("a sparse index keeps its digest, and only that")
			}
			if out.Graph.Node(attestation.Digest) == nil {
				t.Error("the attestation of a kept image is lost")
			}
		})
	}
}

func TestSpec21ReferrersOfChangedImagesAreDropped(t *testing.T) {
	p := &place{t: t}
	a := p.image("amd64", "", "none")
	signature := p.Add(ocispec.MediaTypeImageManifest, fmt.Appendf(nil,
		`{"schemaVersion":2,"config":{"mediaType":"application/x","digest":%q,"size":%d},"layers":[],"subject":{"mediaType":"y","digest":%q,"size":1}}`, a.Digest, a.Size, a.Digest))
	attestation := signature
	attestation.Annotations = map[string]string{image.AnnotationReferenceDigest: a.Digest.String()}
	gzip := compression.Spec{Format: compression.Gzip}
	out, warnings, err := p.apply(Options{Layers: &gzip}, p.index(a, attestation), a, signature)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, out)
	if len(warnings) != 2 || len(out.Graph.Roots) != 2 || len(out.Graph.Tops[0].Children) != 1 {
		t.Errorf("%d roots, %d in the index, warnings %q", len(out.Graph.Roots), len(out.Graph.Tops[0].Children), warnings)
	}
}

func TestApplyFindsDamageOnTheWay(t *testing.T) {
	p := &place{t: t}
	a := p.image("amd64", "", "gzip")
	wrong, _ := p.layer("gzip", "other")
	m := mustManifest(t, p, a)
	raw := strings.ReplaceAll(string(m.Raw), m.Layers[0].Digest.String(), wrong.Digest.String())
	var doc map[string]any
	if err := json.Unmarshal([]byte(raw), &doc); err != nil {
		t.Fatal(err)
	}
	doc["layers"].([]any)[0].(map[string]any)["size"] = wrong.Size
	edited, err := image.Encode(doc)
	if err != nil {
		t.Fatal(err)
	}
	b := p.Add(ocispec.MediaTypeImageManifest, edited)
	none := compression.Spec{}
	if _, _, err := p.apply(Options{Layers: &none}, b); !errors.Is(err, image.ErrDamaged) || !strings.Contains(err.Error(), "diff ID") {
		t.Errorf("got %v, want a wrong diff ID", err)
	}
}

func TestApplyEndsWithItsContext(t *testing.T) {
	p := &place{t: t}
	a := p.image("amd64", "", "none")
	g, err := image.Walk(t.Context(), p, []image.Root{{Descriptor: a}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	scratch := image.NewScratch(func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") })
	defer scratch.Close()
	gzip := compression.Spec{Format: compression.Gzip}
	if _, err := Apply(ctx, scratch, p, g, Options{Layers: &gzip}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's end", err)
	}
}

// failing is a source whose layers cannot be read to their end.
type failing struct{ image.Source }

func (s failing) Open(ctx context.Context, d image.Descriptor) (*image.Blob, error) {
	b, err := s.Source.Open(ctx, d)
	if err != nil || !strings.Contains(d.MediaType, "layer") {
		return b, err
	}
	return image.NewBlob(failingAt{b, d.Size / 2}, d.Size, b.Close), nil
}

type failingAt struct {
	io.ReaderAt

	end int64
}

func (r failingAt) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > r.end {
		return 0, syscall.EIO
	}
	return r.ReaderAt.ReadAt(p, off)
}

// A disk that fails or is full is no damage, though only a part of the layer gets to be checked.
func TestPromise05ApplyTellsFailureFromDamage(t *testing.T) {
	p := &place{t: t}
	a := p.image("amd64", "", "gzip")
	writable := func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") }
	for _, test := range []struct {
		name string
		src  image.Source
		temp func() (*os.File, error)
		want error
	}{
		{"read", failing{p}, writable, syscall.EIO},
		{"write", p, func() (*os.File, error) { return os.OpenFile("/dev/full", os.O_RDWR, 0) }, syscall.ENOSPC},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, err := image.Walk(t.Context(), test.src, []image.Root{{Descriptor: a}})
			if err != nil {
				t.Fatal(err)
			}
			scratch := image.NewScratch(test.temp)
			defer scratch.Close()
			_, err = Apply(t.Context(), scratch, test.src, g, Options{Layers: &compression.Spec{}})
			if !errors.Is(err, test.want) || errors.Is(err, image.ErrDamaged) {
				t.Errorf("got %v, want %v and no damage", err, test.want)
			}
		})
	}
}
