package tarball

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/tarscan"
)

// layerMember is a member that is used as a layer. What it takes reading to know is found once, when asked for.
type layerMember struct {
	member
	format compression.Format
	blob   image.Descriptor // what to serve; set by blobOf
	diffID digest.Digest    // of the decompressed bytes; set by diffIDOf, and by blobOf for xz and bzip2
	filled filling          // set by isEmpty
	err    error            // why it could not be unpacked
}

// filling says whether a layer has entries.
type filling int

const (
	unknown filling = iota
	empty
	filled
)

// twoZeroBlocks is the tar without entries. Old dockers wrote no bytes for it, but hashed these.
const (
	twoZeroBlocks       = 1024
	twoZeroBlocksDigest = digest.Digest("sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")
)

// layer describes the layer in a member. If its diff ID is known, a plain layer is not read: its digest is the diff
// ID, whatever the bytes are.
func (o *opener) layer(ctx context.Context, written string, diffID digest.Digest) (image.Descriptor, error) {
	name, err := memberName(written)
	if err != nil {
		return image.Descriptor{}, err
	}
	m, err := o.layerMember(name)
	if errors.Is(err, image.ErrMissing) {
		return image.Descriptor{}, image.Missingf("%s%s: %w", name, parenthesis(diffID), image.ErrMissing)
	}
	if err != nil {
		return image.Descriptor{}, err
	}
	if m.format != compression.None || diffID == "" {
		d, err := o.blobOf(ctx, m)
		if claimed, ok := blobDigest(name); err == nil && ok && !unpacked(m.format) && claimed != d.Digest {
			err = image.Damagef("%s: content has digest %s", name, d.Digest)
		}
		if err == nil && m.diffID != "" && diffID != "" && diffID.Algorithm() == digest.Canonical && m.diffID != diffID {
			err = image.Damagef("%s: diff ID is %s, should be %s", name, m.diffID, diffID)
		}
		return d, err
	}
	if claimed, ok := blobDigest(name); ok && claimed.Algorithm() == diffID.Algorithm() && claimed != diffID {
		return image.Descriptor{}, image.Damagef("%s: plain layer has diff ID %s in the config", name, diffID)
	}
	if m.size == 0 && diffID == twoZeroBlocksDigest {
		return o.make(ocispec.MediaTypeImageLayer, make([]byte, twoZeroBlocks))
	}
	o.archive.blobs.addMember(diffID, m.member)
	return image.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: diffID, Size: m.size}, nil
}

// unpacked reports whether there is no media type for layers of a format, so that they are served decompressed.
func unpacked(f compression.Format) bool { return f == compression.Xz || f == compression.Bzip2 }

func parenthesis(d digest.Digest) string {
	if d == "" {
		return ""
	}
	return fmt.Sprintf(" (diff ID %s)", d)
}

// layerMember looks at a member that is a layer. Links to a layer are that layer: it is not hashed again for them.
func (o *opener) layerMember(name string) (*layerMember, error) {
	if m := o.layers[name]; m != nil {
		return m, nil
	}
	found, err := o.stat(name)
	if err != nil {
		return nil, err
	}
	m := o.linked[found.header]
	if m == nil || found.header == nil {
		format, err := o.format(name)
		if err != nil {
			return nil, err
		}
		m = &layerMember{member: found, format: format}
		o.linked[found.header] = m
	}
	o.layers[name] = m
	return m, nil
}

// blobOf returns the descriptor of a layer's blob: the member's bytes, or what xz and bzip2 unpack to, for which there
// are no media types.
func (o *opener) blobOf(ctx context.Context, m *layerMember) (image.Descriptor, error) {
	if m.blob.Digest != "" {
		return m.blob, nil
	}
	d := image.Descriptor{Size: m.size}
	switch m.format {
	case compression.Xz, compression.Bzip2:
		return o.unpack(ctx, m)
	case compression.Gzip:
		d.MediaType = ocispec.MediaTypeImageLayerGzip
	case compression.Zstd:
		d.MediaType = ocispec.MediaTypeImageLayerZstd
	default:
		d.MediaType = ocispec.MediaTypeImageLayer
	}
	var err error
	if d.Digest, err = o.memberDigest(ctx, m.member); err != nil {
		return d, err
	}
	o.archive.blobs.addMember(d.Digest, m.member)
	m.blob = d
	return d, nil
}

// memberDigest returns the digest of a member's bytes. That of a member in blobs/ is its name, which is checked when
// the blob is copied.
func (o *opener) memberDigest(ctx context.Context, m member) (digest.Digest, error) {
	if d, ok := blobDigest(m.name); ok {
		return d, nil
	}
	if o.opts.Digest != nil {
		if d, size, ok := o.opts.Digest(m.name); ok && size == m.size {
			return d, nil
		}
	}
	return o.digest(ctx, m.name)
}

// unpack decompresses a layer into the scratch file.
func (o *opener) unpack(ctx context.Context, m *layerMember) (image.Descriptor, error) {
	if claimed, ok := blobDigest(m.name); ok { // nobody else will look at the compressed bytes
		if got, err := o.digest(ctx, m.name); err != nil || got != claimed {
			return image.Descriptor{}, cmp.Or(err, image.Damagef("%s: content has digest %s", m.name, got))
		}
	}
	hash := digest.Canonical.Digester()
	var part section
	if m.err == nil {
		part, m.err = o.archive.blobs.scratch.put(func(w io.Writer) error {
			return o.inflate(ctx, m, io.MultiWriter(w, hash.Hash()))
		})
	}
	if m.err != nil {
		return image.Descriptor{}, m.err
	}
	m.diffID = hash.Digest()
	m.blob = image.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: m.diffID, Size: part.size}
	o.archive.blobs.plain[m.diffID] = part
	return m.blob, nil
}

// inflate writes the decompressed bytes of a layer to w.
func (o *opener) inflate(ctx context.Context, m *layerMember, w io.Writer) error {
	blob, err := o.open(m.name)
	if err != nil {
		return err
	}
	defer blob.Close()
	r, err := compression.NewReader(contextReader{ctx, blob.Reader()}, m.format, o.opts.Limits)
	if err == nil {
		_, err = copyContext(ctx, w, r)
		_ = r.Close() // it has no complaint of its own
	}
	return layerError(m.name, err)
}

// layerError gives what is wrong with the bytes of a layer its kind.
func layerError(name string, err error) error {
	for _, damage := range []error{compression.ErrCorrupt, compression.ErrExpansion, tarscan.ErrFormat} {
		if errors.Is(err, damage) {
			return image.Damagef("%s: %w", name, err)
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return err
}

// isEmpty reports whether a layer has no entries.
func (o *opener) isEmpty(ctx context.Context, m *layerMember) (bool, error) {
	if m.filled == unknown {
		has, err := o.hasEntries(ctx, m)
		if err != nil {
			return false, layerError(m.name, err)
		}
		m.filled = empty
		if has {
			m.filled = filled
		}
	}
	return m.filled == empty, nil
}

func (o *opener) hasEntries(ctx context.Context, m *layerMember) (bool, error) {
	if m.size == 0 {
		return false, nil
	}
	blob, err := o.open(m.name)
	if err != nil {
		return false, err
	}
	defer blob.Close()
	r, err := compression.NewReader(contextReader{ctx, blob.Reader()}, m.format, o.opts.Limits)
	if err != nil {
		return false, err
	}
	defer r.Close()
	_, err = tarscan.NewReader(r).Next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// diffIDOf returns the digest of a layer's decompressed bytes.
func (o *opener) diffIDOf(ctx context.Context, m *layerMember) (digest.Digest, error) {
	if m.diffID != "" {
		return m.diffID, nil
	}
	if m.format == compression.None {
		d, err := o.blobOf(ctx, m)
		m.diffID = d.Digest
		return m.diffID, err
	}
	hash := digest.Canonical.Digester()
	if err := o.inflate(ctx, m, hash.Hash()); err != nil {
		return "", err
	}
	m.diffID = hash.Digest()
	return m.diffID, nil
}
