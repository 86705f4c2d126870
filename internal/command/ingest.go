package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/internal/tarscan"
	"github.com/imgtool/imgtool/layout"
)

// Members of a stream up to smallMember bytes are kept in memory, up to smallMembers of all: they are documents mostly,
// and most of those name other members rather than being named by their digest.
const (
	smallMember  = 64 << 10
	smallMembers = 16 << 20
)

// An ingestion takes an archive apart that comes as a stream: what is in it goes straight into a transaction of the
// store, so that there is no second copy of it on the disk. What no image turns out to need, the transaction drops.
type ingestion struct {
	ctx    context.Context //nolint:containedctx // an ingestion lives as long as one call of ingest
	txn    *layout.Txn
	limits compression.Limits
	small  int
	sparse [2]int64 // bytes of sparse members: logical, stored
	buf    []byte
	hashed map[int64]image.Descriptor // by the offset of the member's header: what was staged of it
}

// ingest reads a stream to its end and returns the tree of what was in it, and what is known of the digests of its
// members by name.
func ingest(ctx context.Context, r io.Reader, format compression.Format, txn *layout.Txn, limits compression.Limits) (fs.FS, func(string) (digest.Digest, int64, bool), error) {
	plain, err := compression.NewReader(&interruptible{ctx, r}, format, limits)
	if err != nil {
		return nil, nil, fmt.Errorf("read archive: %w", err)
	}
	defer plain.Close()
	in := &ingestion{ctx: ctx, txn: txn, limits: limits, buf: make([]byte, 1<<20), hashed: map[int64]image.Descriptor{}}
	fsys, err := tarfs.Read(plain, in.keep)
	if err == nil {
		_, err = io.Copy(io.Discard, plain) // the sender is not to die of a closed pipe, and a cut stream is to be found out
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read archive: %w", err)
	}
	known := func(name string) (digest.Digest, int64, bool) {
		info, err := fs.Stat(fsys, name)
		if err != nil {
			return "", 0, false
		}
		hdr, ok := info.Sys().(*tarscan.Header)
		if !ok {
			return "", 0, false
		}
		d, ok := in.hashed[hdr.HeaderOffset]
		return d.Digest, d.Size, ok
	}
	return fsys, known, nil
}

// keep puts the data of one member where it can be read again.
func (in *ingestion) keep(hdr *tarscan.Header, data io.Reader) (tarfs.Content, error) {
	if hdr.Sparse != nil {
		in.sparse[0] = min(in.sparse[0]+hdr.Size, math.MaxInt64/2)
		in.sparse[1] += hdr.DataSize
		if err := checkSparse(in.sparse[0], in.sparse[1], in.limits); err != nil {
			return nil, err
		}
	}
	if hdr.Size <= smallMember && in.small+int(hdr.Size) <= smallMembers {
		raw, err := io.ReadAll(data)
		in.small += len(raw)
		return inMemory(raw), err
	}
	w, err := in.txn.Create(in.ctx, algorithmOf(hdr.Name))
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if _, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{data}, in.buf); err != nil {
		return nil, err
	}
	d, err := w.Commit()
	if err != nil {
		return nil, err
	}
	in.hashed[hdr.HeaderOffset] = d
	return staged{in.ctx, in.txn, d}, nil
}

// algorithmOf returns the algorithm by which a member is to be hashed: the one that its name says, as a blob of a layout.
func algorithmOf(name string) digest.Algorithm {
	for _, a := range []digest.Algorithm{digest.SHA512, digest.SHA384} {
		if bytes.Contains([]byte(name), []byte("blobs/"+a.String()+"/")) {
			return a
		}
	}
	return digest.SHA256
}

// inMemory is the content of a small member.
type inMemory []byte

func (m inMemory) Open() (tarfs.File, error) { return memoryFile{bytes.NewReader(m)}, nil }

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

// staged is the content of a member that is a blob of the transaction.
type staged struct {
	ctx context.Context //nolint:containedctx // it lives as long as the ingestion's tree
	txn *layout.Txn
	d   image.Descriptor
}

func (s staged) Open() (tarfs.File, error) {
	blob, err := s.txn.Open(s.ctx, s.d)
	if err != nil {
		return nil, err
	}
	return blobFile{blob}, nil
}

type blobFile struct{ blob *image.Blob }

func (b blobFile) ReadAt(p []byte, off int64) (int, error) { return b.blob.ReadAt(p, off) }

func (b blobFile) Size() int64 { return b.blob.Size }

func (b blobFile) Close() error { return b.blob.Close() }
