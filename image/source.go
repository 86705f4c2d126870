package image

import (
	"bytes"
	"context"
	"io"
	"maps"

	"github.com/opencontainers/go-digest"
)

// Root is a descriptor at the top of a place, with its annotations as they are written there, and at most one name.
// A place that gives an image three names lists three roots.
type Root struct {
	Descriptor

	Name Reference // empty if the root has no name, or only a tag (in [AnnotationRefName])
}

// Tag returns the tag alone that the root's annotations hold when it has no name, or "".
func (r Root) Tag() string {
	if r.Name != "" {
		return ""
	}
	return r.Annotations[AnnotationRefName]
}

// Label returns what messages call the root: its name as docker prints it, else its digest.
func (r Root) Label() string {
	if r.Name != "" {
		return r.Name.Familiar()
	}
	return r.Digest.String()
}

// Written returns the name as archives are to spell it: as its source did in [AnnotationRefName] if that holds the whole
// name, else as docker prints it.
func (r Root) Written() string {
	if r.spelled(r.Name) {
		return r.Annotations[AnnotationRefName]
	}
	return r.Name.Familiar()
}

// spelled reports whether the annotation for tags holds a whole reference, and it is this name.
func (r Root) spelled(name Reference) bool {
	full, ok := ParseFullReference(r.Annotations[AnnotationRefName])
	return ok && full == name
}

// Named returns the root under another name: both name annotations are set as Docker and containerd write them, all
// others are kept. The empty name removes both. A tag annotation that holds this very name in full stays as it is.
func (r Root) Named(name Reference) Root {
	spelled := name != "" && r.spelled(name)
	r.Annotations = maps.Clone(r.Annotations)
	delete(r.Annotations, AnnotationName)
	if !spelled {
		delete(r.Annotations, AnnotationRefName)
	}
	r.Name = name
	if name != "" {
		if r.Annotations == nil {
			r.Annotations = map[string]string{}
		}
		r.Annotations[AnnotationName] = string(name)
		if tag := name.Tag(); tag != "" && !spelled {
			r.Annotations[AnnotationRefName] = tag
		}
	}
	if len(r.Annotations) == 0 {
		r.Annotations = nil
	}
	return r
}

// Tagged returns the root without a name and with a tag alone, as layouts write it.
func (r Root) Tagged(tag string) Root {
	r = r.Named("")
	r.Annotations = maps.Clone(r.Annotations)
	if r.Annotations == nil {
		r.Annotations = map[string]string{}
	}
	r.Annotations[AnnotationRefName] = tag
	return r
}

// Source is a place that images are read from. It is safe for concurrent use.
type Source interface {
	// Roots lists what the place holds, in the order in which it is written there.
	Roots(ctx context.Context) ([]Root, error)
	// Has reports whether the blob is here; sparse indexes name blobs that are not.
	Has(ctx context.Context, d Descriptor) (bool, error)
	// Open returns the bytes of a blob, not checked against its digest. The error matches [ErrMissing] if it is not
	// here. The caller closes the blob.
	Open(ctx context.Context, d Descriptor) (*Blob, error)
}

// Sink is a place that images are written to.
type Sink interface {
	Begin(ctx context.Context) (Txn, error)
}

// Txn is a set of blobs and roots that appears in its place as a whole or not at all.
type Txn interface {
	// Put adds the blob that d names with the bytes of r; other bytes than d's digest and size say are damage. It is
	// safe for concurrent use. A blob that the place has already, whole, is kept, and then r is not read.
	Put(ctx context.Context, d Descriptor, r io.Reader) error
	// Commit makes everything visible, the roots last. It is called once.
	Commit(ctx context.Context, roots []Root) error
	// Close gives up what was not committed; after Commit it does nothing.
	Close() error
}

// Blob is the content of a blob: random access to Size bytes. Reading is safe for concurrent use.
type Blob struct {
	io.ReaderAt

	Size  int64
	close func() error
}

// NewBlob returns a blob over r. The function close may be nil.
func NewBlob(r io.ReaderAt, size int64, closer func() error) *Blob {
	return &Blob{ReaderAt: r, Size: size, close: closer}
}

// Reader returns a reader of the whole blob.
func (b *Blob) Reader() *io.SectionReader { return io.NewSectionReader(b.ReaderAt, 0, b.Size) }

// Close frees what the blob holds open.
func (b *Blob) Close() error {
	if b.close == nil {
		return nil
	}
	return b.close()
}

// Memory is a source of small blobs that were made rather than read, such as the manifest of a docker archive.
// Its zero value is empty. Add is not safe for concurrent use with the other methods.
type Memory struct{ blobs map[digest.Digest][]byte }

// Add keeps a document and returns its descriptor.
func (m *Memory) Add(mediaType string, raw []byte) Descriptor {
	d := Descriptor{MediaType: mediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	if m.blobs == nil {
		m.blobs = map[digest.Digest][]byte{}
	}
	m.blobs[d.Digest] = raw
	return d
}

// Roots returns nothing: the documents of a Memory hang below the roots of another source.
func (m *Memory) Roots(context.Context) ([]Root, error) { return nil, nil }

// Has reports whether the document was added.
func (m *Memory) Has(_ context.Context, d Descriptor) (bool, error) {
	_, ok := m.blobs[d.Digest]
	return ok, nil
}

// Open returns the document.
func (m *Memory) Open(_ context.Context, d Descriptor) (*Blob, error) {
	raw, ok := m.blobs[d.Digest]
	if !ok {
		return nil, Missingf("open blob %s: %w", d.Digest, ErrMissing)
	}
	return NewBlob(bytes.NewReader(raw), int64(len(raw)), nil), nil
}

// Overlay returns a source with the blobs of top in front of those of base, and with these roots.
func Overlay(top, base Source, roots []Root) Source { return overlay{top, base, roots} }

type overlay struct {
	top, base Source
	roots     []Root
}

func (o overlay) Roots(context.Context) ([]Root, error) { return o.roots, nil }

func (o overlay) Has(ctx context.Context, d Descriptor) (bool, error) {
	if ok, err := o.top.Has(ctx, d); ok || err != nil {
		return ok, err
	}
	return o.base.Has(ctx, d)
}

func (o overlay) Open(ctx context.Context, d Descriptor) (*Blob, error) {
	ok, err := o.top.Has(ctx, d)
	if err != nil {
		return nil, err
	}
	if ok {
		return o.top.Open(ctx, d)
	}
	return o.base.Open(ctx, d)
}
