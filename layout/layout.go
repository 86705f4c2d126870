package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

// Options says how [Open] reads. The zero value is useful.
type Options struct {
	// Warn, if set, is told of what is wrong with the layout and can be lived with.
	Warn func(message string)
}

// Layout is an OCI image layout in a file system. It is an [image.Source].
type Layout struct {
	fsys  fs.FS
	index *index
}

// Open reads oci-layout and index.json. The error matches [image.ErrNotFound] if there is neither, and
// [image.ErrDamaged] if one of them is not what the specification says; a missing oci-layout is only a warning.
// The file system is read for as long as the layout is used.
func Open(fsys fs.FS, opts Options) (*Layout, error) {
	marked, err := checkVersion(fsys)
	if err != nil {
		return nil, err
	}
	x, err := readIndex(fsys)
	switch {
	case errors.Is(err, fs.ErrNotExist) && marked:
		return nil, image.Damagef("open layout: there is an %s, but no %s", ocispec.ImageLayoutFile, indexFile)
	case errors.Is(err, fs.ErrNotExist):
		return nil, image.NotFoundf("open layout: no %s", indexFile)
	case err != nil:
		return nil, fmt.Errorf("open layout: %w", err)
	}
	if opts.Warn == nil {
		return &Layout{fsys, x}, nil
	}
	if !marked {
		opts.Warn("the layout has no " + ocispec.ImageLayoutFile)
	}
	for _, r := range x.roots {
		if name := r.Annotations[image.AnnotationName]; name != "" && r.Name == "" {
			opts.Warn(fmt.Sprintf("the name %q cannot be one of an image and is left out", name))
		}
	}
	return &Layout{fsys, x}, nil
}

// Document returns index.json with all of its members.
func (l *Layout) Document() *image.Object { return l.index.object }

// Roots returns the descriptors of index.json in their order.
func (l *Layout) Roots(context.Context) ([]image.Root, error) {
	return slices.Clone(l.index.roots), nil
}

// Has reports whether the layout has a file for the blob.
func (l *Layout) Has(ctx context.Context, d image.Descriptor) (bool, error) {
	return hasBlob(ctx, l.fsys, d)
}

// Open opens the blob's file, which must be a regular one.
func (l *Layout) Open(ctx context.Context, d image.Descriptor) (*image.Blob, error) {
	return openBlob(ctx, l.fsys, d)
}

// checkVersion reports whether there is an oci-layout. One of another version is damage.
func checkVersion(fsys fs.FS) (found bool, err error) {
	raw, err := readDocument(fsys, ocispec.ImageLayoutFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open layout: %w", err)
	}
	var v ocispec.ImageLayout
	if err := image.Decode(raw, &v); err != nil {
		return false, fmt.Errorf("parse %s: %w", ocispec.ImageLayoutFile, err)
	}
	if v.Version != ocispec.ImageLayoutVersion {
		return false, image.Damagef("parse %s: version %q, not %s", ocispec.ImageLayoutFile, v.Version, ocispec.ImageLayoutVersion)
	}
	return true, nil
}

// readDocument returns the bytes of a regular file that is not too large for a document.
func readDocument(fsys fs.FS, name string) ([]byte, error) {
	f, info, err := openRegular(fsys, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > image.MaxDocument {
		return nil, image.Damagef("read %s: %d bytes, more than %d", name, info.Size(), image.MaxDocument)
	}
	raw, err := io.ReadAll(io.LimitReader(f, image.MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return raw, nil
}
