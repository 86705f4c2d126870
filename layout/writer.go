package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// BlobWriter takes the bytes of a blob whose digest is not known yet. It is not safe for concurrent use.
type BlobWriter struct {
	ctx   context.Context //nolint:containedctx // a writer lives as long as one blob is written
	t     *Txn
	name  string
	file  *os.File // nil when it was finished or closed
	hash  digest.Digester
	size  int64
	limit int64 // more bytes than this are damage; negative: no limit
	kept  bool
}

// Create returns a writer of a new blob, which is staged when the writer is committed. The caller closes the writer
// before the transaction.
func (t *Txn) Create(ctx context.Context, algorithm digest.Algorithm) (*BlobWriter, error) {
	if !algorithm.Available() {
		return nil, fmt.Errorf("create blob: unknown algorithm %q", algorithm)
	}
	return t.newWriter(ctx, algorithm)
}

func (t *Txn) newWriter(ctx context.Context, algorithm digest.Algorithm) (*BlobWriter, error) {
	name := t.temporary()
	f, err := t.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write blob in %s: %w", t.root.Name(), err)
	}
	return &BlobWriter{ctx: ctx, t: t, name: name, file: f, hash: algorithm.Digester(), limit: -1}, nil
}

// Write adds bytes to the blob. Large pieces are best: each is a write to the file.
func (w *BlobWriter) Write(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if w.file == nil {
		return 0, os.ErrClosed
	}
	if w.limit >= 0 && w.size+int64(len(b)) > w.limit {
		return 0, image.Damagef("write blob: more than the %d bytes it should have", w.limit)
	}
	n, err := w.file.Write(b)
	_, _ = w.hash.Hash().Write(b[:n]) // a hash does not fail
	w.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("write blob: %w", err)
	}
	return n, nil
}

func (w *BlobWriter) readFrom(r io.Reader) error { return w.t.pass(w.ctx, w, r) }

// Commit ends the blob, stages it, and returns its descriptor, without a media type. If the layout has it already, that
// one is checked and, if it is whole, kept.
func (w *BlobWriter) Commit() (image.Descriptor, error) {
	if err := w.finish(); err != nil {
		return image.Descriptor{}, err
	}
	d := image.Descriptor{Digest: w.hash.Digest(), Size: w.size}
	_, release, err := w.t.claim(w.ctx, d.Digest)
	if err != nil || release == nil {
		return d, errors.Join(err, w.Close())
	}
	defer release()
	here, damaged, err := w.t.adopt(w.ctx, d)
	if here || err != nil {
		return d, errors.Join(err, w.Close())
	}
	w.keep(d.Digest, damaged)
	return d, nil
}

// Close removes what was written, unless it was committed.
func (w *BlobWriter) Close() error {
	if w.file != nil {
		_ = w.file.Close()
		w.file = nil
	}
	if w.kept || w.name == "" {
		return nil
	}
	name := w.name
	w.name = ""
	return w.t.root.Remove(name)
}

// finish ends writing to the file.
func (w *BlobWriter) finish() error {
	if w.file == nil {
		return os.ErrClosed
	}
	f := w.file
	w.file = nil
	if err := errors.Join(finishFile(f), f.Close()); err != nil {
		return fmt.Errorf("write blob: %w", err)
	}
	return nil
}

// keep stages the blob.
func (w *BlobWriter) keep(d digest.Digest, replace bool) {
	w.kept = true
	w.t.stageBlob(d, stagedBlob{name: w.name, size: w.size, replace: replace})
}

// finishFile gives a written file the mode of a blob and lets the disk begin with it; Commit waits for that.
func finishFile(f *os.File) error {
	if err := f.Chmod(0o444); err != nil {
		return err
	}
	startSync(f)
	return nil
}

// teeVerifier checks what it writes to a file.
type teeVerifier struct {
	*image.Verifier

	file *os.File
}

func (w teeVerifier) Write(b []byte) (int, error) {
	if n, err := w.Verifier.Write(b); err != nil {
		return n, err
	}
	return w.file.Write(b)
}

// verifier is a writer that has an opinion on what was written.
type verifier interface{ Verify() error }

// pass copies r to w in large pieces, and then asks w, if it is a verifier.
func (t *Txn) pass(ctx context.Context, w io.Writer, r io.Reader) error {
	buf, _ := t.buffers.Get().(*[copyBuffer]byte)
	defer t.buffers.Put(buf)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, rerr := fill(r, buf[:])
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case rerr == io.EOF: //nolint:errorlint // one that is wrapped is no end
			if v, ok := w.(verifier); ok {
				return v.Verify()
			}
			return nil
		case rerr != nil:
			return fmt.Errorf("read blob: %w", rerr)
		}
	}
}

// fill reads until the buffer is full or the reader ends. Unlike io.ReadFull it returns the reader's own error, so that
// a stream that was cut is told from one that is short.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for idle := 0; n < len(buf) && err == nil; {
		var more int
		more, err = r.Read(buf[n:])
		n += more
		if more > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			return n, io.ErrNoProgress
		}
	}
	return n, err
}
