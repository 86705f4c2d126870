package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// TxnOptions says how a transaction ends. The zero value is useful.
type TxnOptions struct {
	// Merge returns the roots that the layout has after a commit, of those that it has then and those that are
	// committed. Without it, [Merge] does, and a tag alone moves too.
	Merge func(old, add []image.Root) ([]image.Root, error)
}

// Txn is a transaction of a [Dir]: an [image.Txn] whose blobs lie in a staging folder until it is committed. It is also
// an [image.Source] with what was staged in front of what the layout has.
type Txn struct {
	dir     *Dir
	root    *os.Root
	stage   *staging
	merge   func(old, add []image.Root) ([]image.Root, error)
	finish  func(ctx context.Context, roots []image.Root) error // shows a new directory; may be nil
	discard func() error                                        // may be nil
	copier  image.Copier

	mu     sync.Mutex
	last   int                             // number of the last temporary
	staged map[digest.Digest]stagedBlob    // whole and checked
	busy   map[digest.Digest]chan struct{} // being staged; closed when that has ended
	closed bool
}

// stagedBlob is a blob in the staging folder.
type stagedBlob struct {
	name    string // path in the root
	size    int64
	linked  bool // it was in the layout, and is the same file
	replace bool // what is in the layout under its digest is damaged
}

var (
	_ image.Txn    = (*Txn)(nil)
	_ image.Source = (*Txn)(nil)
)

// begin starts a transaction in a directory that exists.
func (d *Dir) begin(opts TxnOptions) (*Txn, error) {
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, err
	}
	s, err := newStaging(root, d.stagingPrefix())
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	t := &Txn{
		dir: d, root: root, stage: s, merge: opts.Merge,
		staged: map[digest.Digest]stagedBlob{}, busy: map[digest.Digest]chan struct{}{},
	}
	if t.merge == nil {
		t.merge = func(old, add []image.Root) ([]image.Root, error) { return Merge(retag(old, add), add), nil }
	}
	return t, nil
}

// Roots returns those that the layout has now; what Commit will add is not among them.
func (t *Txn) Roots(context.Context) ([]image.Root, error) {
	x, err := currentIndex(t.root)
	if err != nil {
		return nil, err
	}
	return x.roots, nil
}

// Has reports whether the blob is staged or in the layout.
func (t *Txn) Has(ctx context.Context, d image.Descriptor) (bool, error) {
	if _, ok := t.find(d.Digest); ok {
		return true, nil
	}
	return hasBlob(ctx, t.root.FS(), d)
}

// Open opens a blob that is staged, or else in the layout.
func (t *Txn) Open(ctx context.Context, d image.Descriptor) (*image.Blob, error) {
	b, ok := t.find(d.Digest)
	if !ok {
		return openBlob(ctx, t.root.FS(), d)
	}
	f, err := t.root.Open(b.name)
	if err != nil {
		return nil, fmt.Errorf("open blob %s: %w", d.Digest, err)
	}
	return image.NewBlob(f, b.size, f.Close), nil
}

// Staged returns a source that has only what this transaction has staged so far, and no roots.
func (t *Txn) Staged() image.Source { return stagedSource{t} }

type stagedSource struct{ t *Txn }

func (s stagedSource) Roots(context.Context) ([]image.Root, error) { return nil, nil }

func (s stagedSource) Has(_ context.Context, d image.Descriptor) (bool, error) {
	_, ok := s.t.find(d.Digest)
	return ok, nil
}

func (s stagedSource) Open(ctx context.Context, d image.Descriptor) (*image.Blob, error) {
	if _, ok := s.t.find(d.Digest); !ok {
		return nil, image.Missingf("open blob %s: %w", d.Digest, image.ErrMissing)
	}
	return s.t.Open(ctx, d)
}

func (t *Txn) find(d digest.Digest) (stagedBlob, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b, ok := t.staged[d]
	return b, ok
}

// Put stages the bytes of r. A blob that the layout has already is checked there; if it is whole, r is not read, and if
// it is damaged, Commit replaces it.
func (t *Txn) Put(ctx context.Context, d image.Descriptor, r io.Reader) error {
	if err := image.ValidDescriptor(d); err != nil {
		return err
	}
	b, release, err := t.claim(ctx, d.Digest)
	if err != nil {
		return err
	}
	if release == nil {
		if b.size != d.Size {
			return image.Damagef("blob %s: size is %d, should be %d", d.Digest, b.size, d.Size)
		}
		return nil
	}
	defer release()
	here, damaged, err := t.adopt(ctx, d)
	if here || err != nil {
		return err
	}
	w, err := t.newWriter(ctx, d.Digest.Algorithm())
	if err != nil {
		return err
	}
	defer w.Close()
	check := image.NewVerifier(d)
	if err := t.copier.Copy(ctx, unhashed{w}, check, r); err != nil {
		return err
	}
	if err := w.finish(); err != nil {
		return err
	}
	if err := check.Verify(); err != nil {
		return err
	}
	w.keep(d.Digest, damaged)
	return nil
}

// claim makes the caller the only one that stages a blob, until release; if the blob is staged, release is nil.
func (t *Txn) claim(ctx context.Context, d digest.Digest) (b stagedBlob, release func(), err error) {
	for {
		t.mu.Lock()
		if t.closed {
			t.mu.Unlock()
			return b, nil, fmt.Errorf("put blob %s: %w", d, fs.ErrClosed)
		}
		if b, ok := t.staged[d]; ok {
			t.mu.Unlock()
			return b, nil, nil
		}
		wait := t.busy[d]
		if wait == nil {
			done := make(chan struct{})
			t.busy[d] = done
			t.mu.Unlock()
			return b, func() {
				t.mu.Lock()
				delete(t.busy, d)
				t.mu.Unlock()
				close(done)
			}, nil
		}
		t.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return b, nil, ctx.Err()
		}
	}
}

// temporary returns the path of a new file in the staging folder.
func (t *Txn) temporary() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	return t.stage.path(strconv.Itoa(t.last))
}

func (t *Txn) stageBlob(d digest.Digest, b stagedBlob) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.staged[d] = b
}

// Close removes what was staged and not committed. It is not called while a Put is running.
func (t *Txn) Close() error {
	t.mu.Lock()
	closed := t.closed
	t.closed = true
	t.mu.Unlock()
	if closed {
		return nil
	}
	err := errors.Join(t.stage.remove(), t.root.Close())
	if t.discard != nil {
		err = errors.Join(err, t.discard())
	}
	return err
}
