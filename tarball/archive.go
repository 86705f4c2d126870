package tarball

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/imgtool/imgtool/image"
)

// Generation says how an archive lists its images.
type Generation int

// The generations, as makers follow each other.
const (
	V1       Generation = iota + 1 // repositories, and <id>/json chained by parent: docker before 1.10
	Manifest                       // manifest.json: docker since 1.10, podman, kaniko, jib, and others
	OCI                            // index.json: an OCI layout, without manifest.json
	Both                           // index.json and manifest.json: docker since 25, containerd
	Dir                            // a registry's manifest and its blobs side by side: skopeo's dir:
)

// String returns the words for messages.
func (g Generation) String() string {
	switch g {
	case V1:
		return "docker archive (before 1.10)"
	case Manifest:
		return "docker archive"
	case OCI:
		return "OCI layout"
	case Both:
		return "docker archive with OCI layout"
	case Dir:
		return "skopeo directory"
	}
	return "unknown archive"
}

// Archive is an opened archive. It is safe for concurrent use.
//
// An image of a docker archive is listed as a manifest that was made for it. If such an image cannot be read, its root
// is listed all the same, and opening its manifest says why: the other images are not worse for it.
type Archive struct {
	generation Generation
	roots      []image.Root
	blobs      blobs
	base       image.Source // an OCI layout or the blobs of a skopeo directory; may be nil
}

// Generation returns how the archive lists its images.
func (a *Archive) Generation() Generation { return a.generation }

// Roots lists the images in the order in which they are written, one root a name.
func (a *Archive) Roots(context.Context) ([]image.Root, error) {
	return slices.Clone(a.roots), nil
}

// Has implements [image.Source].
func (a *Archive) Has(ctx context.Context, d image.Descriptor) (bool, error) {
	if a.blobs.has(d.Digest) {
		return true, nil
	}
	if a.base == nil {
		return false, nil
	}
	return a.base.Has(ctx, d)
}

// Open implements [image.Source].
func (a *Archive) Open(ctx context.Context, d image.Descriptor) (*image.Blob, error) {
	if a.blobs.has(d.Digest) {
		return a.blobs.open(ctx, d)
	}
	if a.base == nil {
		return nil, fmt.Errorf("open blob %s: %w", d.Digest, image.ErrMissing)
	}
	return a.base.Open(ctx, d)
}

// Close frees the temporary file of layers that had to be decompressed. It does not close what the archive was read
// from.
func (a *Archive) Close() error { return a.blobs.scratch.close() }

// unsafeNames is what a tar tells of names that lead out of it.
type unsafeNames interface{ Unsafe() []string }

// unsafeIn returns the names in fsys that lead out of it.
func unsafeIn(fsys fs.FS) []string {
	if u, ok := fsys.(unsafeNames); ok {
		return u.Unsafe()
	}
	return nil
}
