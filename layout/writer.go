package layout

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// BlobWriter takes the bytes of a blob whose digest is not known yet. It is not safe for concurrent use.
type BlobWriter struct {
	ctx  context.Context //nolint:containedctx // a writer lives as long as one blob is written
	t    *Txn
	name string
	file *os.File // nil when it was finished or closed
	hash digest.Digester
	size int64
	kept bool
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
	return &BlobWriter{ctx: ctx, t: t, name: name, file: f, hash: algorithm.Digester()}, nil
}

// Write adds bytes to the blob. Large pieces are best: each is a write to the file.
func (w *BlobWriter) Write(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := unhashed{w}.Write(b)
	_, _ = w.hash.Hash().Write(b[:n]) // a hash does not fail
	return n, err
}

// unhashed is the file of a writer alone.
type unhashed struct{ *BlobWriter }

func (w unhashed) Write(b []byte) (int, error) {
	if w.file == nil {
		return 0, os.ErrClosed
	}
	n, err := w.file.Write(b)
	w.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("write blob: %w", err)
	}
	return n, nil
}

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
