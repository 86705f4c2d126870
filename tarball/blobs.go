package tarball

import (
	"context"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// blobs are the bytes that the digests of a docker archive name.
type blobs struct {
	tree    tree
	made    image.Memory // manifests and configs that the archive does not hold as they are
	members map[digest.Digest]member
	plain   map[digest.Digest]section // layers decompressed into scratch
	broken  map[digest.Digest]error   // stand-ins for manifests of images that cannot be read
	scratch scratch
}

// section is a part of the scratch file.
type section struct{ offset, size int64 }

func newBlobs(t tree, s scratch) blobs {
	return blobs{
		tree: t, scratch: s,
		members: map[digest.Digest]member{}, plain: map[digest.Digest]section{}, broken: map[digest.Digest]error{},
	}
}

func (b *blobs) has(d digest.Digest) bool {
	if _, ok := b.members[d]; ok {
		return true
	}
	if _, ok := b.plain[d]; ok {
		return true
	}
	if _, ok := b.broken[d]; ok {
		return true
	}
	ok, _ := b.made.Has(context.Background(), image.Descriptor{Digest: d}) // a Memory never fails
	return ok
}

func (b *blobs) open(ctx context.Context, d image.Descriptor) (*image.Blob, error) {
	if err, ok := b.broken[d.Digest]; ok {
		return nil, err
	}
	if s, ok := b.plain[d.Digest]; ok {
		return image.NewBlob(io.NewSectionReader(b.scratch.file, s.offset, s.size), s.size, nil), nil
	}
	if m, ok := b.members[d.Digest]; ok {
		return b.tree.open(m.name)
	}
	return b.made.Open(ctx, d)
}

// addMember keeps where a blob lies. The first member of a digest stays: what it holds is checked when it is read.
func (b *blobs) addMember(d digest.Digest, m member) {
	if _, ok := b.members[d]; !ok {
		b.members[d] = m
	}
}

// addBroken returns a descriptor for an image that cannot be read, whose manifest opens with err alone. It is a
// fixed function of what the archive calls the image.
func (b *blobs) addBroken(what string, err error) image.Descriptor {
	d := image.Descriptor{MediaType: mediaTypeManifest, Digest: digest.FromString("unreadable " + what)}
	b.broken[d.Digest] = err
	return d
}
