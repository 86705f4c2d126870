package imagetest

import (
	"context"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

// Images is an [image.Source] in memory that a test fills. It is filled before it is read.
type Images struct {
	image.Memory

	roots []image.Root
}

// Platform is that of the images which a test does not ask a platform for.
var Platform = image.Platform{OS: "linux", Architecture: "amd64"}

// Image returns a source with one image of these uncompressed layers. The empty name gives it none.
func Image(t testing.TB, name string, layers ...[]byte) *Images {
	t.Helper()
	s := &Images{}
	s.List(t, name, s.Manifest(t, Platform, layers...))
	return s
}

// Roots returns what was listed, in this order.
func (s *Images) Roots(context.Context) ([]image.Root, error) { return slices.Clone(s.roots), nil }

// List makes a blob a root with a name, which is normalised and may be empty, and returns it.
func (s *Images) List(t testing.TB, name string, d image.Descriptor) image.Root {
	t.Helper()
	var ref image.Reference
	if name != "" {
		var err error
		if ref, err = image.ParseReference(name); err != nil {
			t.Fatal(err)
		}
	}
	d.Platform = nil
	root := image.Root{Descriptor: d}.Named(ref)
	s.roots = append(s.roots, root)
	return root
}

// ListRoot makes a root of what is one already, annotations and all.
func (s *Images) ListRoot(r image.Root) { s.roots = append(s.roots, r) }

// Manifest adds an image of these uncompressed layers, and returns its manifest with its platform, without listing it.
func (s *Images) Manifest(t testing.TB, platform image.Platform, layers ...[]byte) image.Descriptor {
	t.Helper()
	config := ocispec.Image{Platform: platform, RootFS: ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{}}}
	var descriptors []image.Descriptor
	for _, raw := range layers {
		d := s.Add(ocispec.MediaTypeImageLayer, raw)
		descriptors = append(descriptors, d)
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, d.Digest)
	}
	return s.ManifestOf(t, platform, s.Document(t, ocispec.MediaTypeImageConfig, config), descriptors...)
}

// ManifestOf adds a manifest of a config and layers that were added before, or are nowhere.
func (s *Images) ManifestOf(t testing.TB, platform image.Platform, config image.Descriptor, layers ...image.Descriptor) image.Descriptor {
	t.Helper()
	raw, err := image.NewManifest(config, layers)
	if err != nil {
		t.Fatal(err)
	}
	d := s.Add(ocispec.MediaTypeImageManifest, raw)
	d.Platform = &platform
	return d
}

// Index adds an OCI index of these manifests, without listing it.
func (s *Images) Index(t testing.TB, manifests ...image.Descriptor) image.Descriptor {
	t.Helper()
	return s.Document(t, ocispec.MediaTypeImageIndex, ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex,
		Manifests: append([]image.Descriptor{}, manifests...),
	})
}

// Document adds v as a JSON document.
func (s *Images) Document(t testing.TB, mediaType string, v any) image.Descriptor {
	t.Helper()
	raw, err := image.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return s.Add(mediaType, raw)
}

// Absent returns a descriptor of a manifest that is nowhere.
func Absent(content string, platform image.Platform) image.Descriptor {
	return image.Descriptor{
		MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString(content), Size: int64(len(content)), Platform: &platform,
	}
}

// CopyTo commits all of a source to a sink.
func CopyTo(t testing.TB, dst image.Sink, src image.Source) {
	t.Helper()
	if err := copyAll(t.Context(), dst, src); err != nil {
		t.Fatal(err)
	}
}

func copyAll(ctx context.Context, dst image.Sink, src image.Source) error {
	roots, err := src.Roots(ctx)
	if err != nil {
		return err
	}
	graph, err := image.Walk(ctx, src, roots)
	if err != nil {
		return err
	}
	txn, err := dst.Begin(ctx)
	if err != nil {
		return err
	}
	defer txn.Close()
	if err := image.Copy(ctx, txn, src, graph, image.CopyOptions{Jobs: 2}); err != nil {
		return err
	}
	return txn.Commit(ctx, roots)
}

// Digests returns the digests of all blobs that a source's roots reach, sorted. It fails if one cannot be read.
func Digests(t testing.TB, src image.Source) []digest.Digest {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // a cleanup may ask
	roots, err := src.Roots(ctx)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := image.Walk(ctx, src, roots)
	if err != nil {
		t.Fatal(err)
	}
	var all []digest.Digest
	for _, d := range graph.Blobs() {
		checkBlob(t, src, d)
		all = append(all, d.Digest)
	}
	slices.Sort(all)
	return all
}

// checkBlob reads a blob and compares it with its descriptor.
func checkBlob(t testing.TB, src image.Source, d image.Descriptor) {
	t.Helper()
	blob, err := src.Open(context.WithoutCancel(t.Context()), d)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	if err := image.VerifyReader(blob.Reader(), d); err != nil {
		t.Fatal(err)
	}
}
