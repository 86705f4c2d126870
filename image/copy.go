package image

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"
)

// CopyOptions says how [Copy] goes about its work. The zero value copies one blob after the other, unchecked but for
// their digests.
type CopyOptions struct {
	// Check, if set, is asked for a writer of each blob; one that it returns is given the blob's bytes as they pass, and
	// the error of its Close fails the copy. A nil writer checks nothing. Blobs that the sink has already are read from
	// the source for it.
	Check func(Descriptor) io.WriteCloser
	// Jobs is how many blobs are copied at a time, the largest first; at 0 and 1 their order is that of Graph.Blobs.
	Jobs int
	// Progress, if set, is told how many more bytes of a blob have been dealt with.
	Progress func(d Descriptor, n int64)
}

// Copy puts all blobs of the graph that src has into the transaction. It commits nothing.
func Copy(ctx context.Context, dst Txn, src Source, g *Graph, opts CopyOptions) error {
	blobs := g.Blobs()
	jobs := max(opts.Jobs, 1)
	if jobs > 1 {
		slices.SortStableFunc(blobs, func(a, b Descriptor) int { return cmp.Compare(b.Size, a.Size) })
	}
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for _, d := range blobs {
		if running.Err() != nil {
			break
		}
		group.Go(func() error { return copyBlob(running, dst, src, d, opts) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func copyBlob(ctx context.Context, dst Txn, src Source, d Descriptor, opts CopyOptions) error {
	blob, err := src.Open(ctx, d)
	if err != nil {
		return err
	}
	defer blob.Close()
	if blob.Size != d.Size {
		return Damagef("blob %s: size is %d, should be %d", d.Digest, blob.Size, d.Size)
	}
	r := &passing{ctx: ctx, r: blob.Reader(), d: d, progress: opts.Progress}
	if opts.Check != nil {
		r.check = opts.Check(d)
	}
	err = dst.Put(ctx, d, r)
	if err == nil && r.n == 0 && d.Size > 0 { // the sink has it
		err = r.rest()
	}
	if r.check == nil {
		return err
	}
	if err != nil {
		_ = r.check.Close() // its complaint would only repeat err
		return err
	}
	if err := r.check.Close(); err != nil {
		return fmt.Errorf("blob %s: %w", d.Digest, err)
	}
	return nil
}

// passing is a reader that lets a check and the progress see what is read, and ends when its context does.
type passing struct {
	ctx      context.Context //nolint:containedctx // a passing lives as long as one copy
	r        io.Reader
	d        Descriptor
	n        int64
	check    io.WriteCloser
	checked  error
	progress func(Descriptor, int64)
}

func (p *passing) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	p.n += int64(n)
	if p.check != nil && p.checked == nil && n > 0 {
		_, p.checked = p.check.Write(b[:n]) // Close says what is wrong; the digest is told first
	}
	if p.progress != nil && n > 0 {
		p.progress(p.d, int64(n))
	}
	return n, err
}

// rest reads the whole blob for the check alone, or, without one, only tells the progress.
func (p *passing) rest() error {
	if p.check == nil {
		if p.progress != nil {
			p.progress(p.d, p.d.Size)
		}
		return nil
	}
	return VerifyReader(p, p.d)
}

// VerifyReader reads r to its end and returns an error that matches [ErrDamaged] unless its bytes are those that d names.
func VerifyReader(r io.Reader, d Descriptor) error {
	v := NewVerifier(d)
	var err error
	if d.Size > copyBlock {
		err = new(Copier).Copy(context.Background(), io.Discard, v, r)
	} else { // hashing a single piece only follows reading it
		_, err = io.Copy(struct{ io.Writer }{v}, struct{ io.Reader }{r})
	}
	if err != nil {
		return fmt.Errorf("blob %s: %w", d.Digest, err)
	}
	return v.Verify()
}

// Verifier compares the bytes written to it with a descriptor.
type Verifier struct {
	d    Descriptor
	n    int64
	hash digest.Digester
}

// NewVerifier returns a verifier for a descriptor whose digest is valid.
func NewVerifier(d Descriptor) *Verifier {
	return &Verifier{d: d, hash: d.Digest.Algorithm().Digester()}
}

// Write takes more bytes of the blob. It fails as soon as they are more than the descriptor says.
func (v *Verifier) Write(b []byte) (int, error) {
	v.n += int64(len(b))
	if v.n > v.d.Size {
		return 0, Damagef("blob %s: more than the %d bytes it should have", v.d.Digest, v.d.Size)
	}
	return v.hash.Hash().Write(b)
}

// Verify returns nil if all bytes of the blob were written and are right.
func (v *Verifier) Verify() error {
	if v.n != v.d.Size {
		return Damagef("blob %s: size is %d, should be %d", v.d.Digest, v.n, v.d.Size)
	}
	if got := v.hash.Digest(); got != v.d.Digest {
		return Damagef("blob %s: content has digest %s", v.d.Digest, got)
	}
	return nil
}
