package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/imgtool/imgtool/image"
)

// Begin starts a transaction with the zero options.
func (d *Dir) Begin(ctx context.Context) (image.Txn, error) {
	t, err := d.Transaction(ctx, TxnOptions{})
	if err != nil {
		return nil, err // not a nil *Txn
	}
	return t, nil
}

// Transaction sweeps, and starts a transaction.
//
// A directory without a state folder that does not exist is made by Commit as a whole: it is built beside its place and
// renamed. One that is empty becomes a layout in place, one that is a layout is added to, and any other is refused.
func (d *Dir) Transaction(ctx context.Context, opts TxnOptions) (*Txn, error) {
	if err := d.Sweep(ctx); err != nil {
		return nil, err
	}
	if d.opts.State == "" && !d.private {
		err := d.checkOutput(ctx)
		if errors.Is(err, fs.ErrNotExist) {
			return d.beginNew(opts)
		}
		if err != nil {
			return nil, err
		}
	}
	return d.begin(opts)
}

// checkOutput returns nil if the directory is a layout or empty. It looks under the lock, because a first commit
// makes blobs before index.json.
func (d *Dir) checkOutput(ctx context.Context) error {
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return err
	}
	defer root.Close()
	lock, err := d.lock(ctx, root)
	if err != nil {
		return err
	}
	defer lock.Close()
	_, err = root.Stat(indexFile)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	names, err := readNames(root, ".")
	for _, name := range names {
		if err == nil && !isStaging(name) {
			err = fmt.Errorf("write to %s: it is not empty, and not an OCI layout", d.path)
		}
	}
	return err
}

// siblingPrefix is what the names of the folders begin with in which a new directory is made beside its place.
func (d *Dir) siblingPrefix() string { return "." + filepath.Base(d.path) + ".imgtool-" }

func (d *Dir) sweepSiblings() error {
	parent, err := os.OpenRoot(filepath.Dir(d.path))
	if err != nil {
		return tolerable(err)
	}
	defer parent.Close()
	return eachStale(parent, d.siblingPrefix(), func(*staging) error { return nil })
}

// beginNew starts a transaction that makes the directory.
func (d *Dir) beginNew(opts TxnOptions) (*Txn, error) {
	parent, err := os.OpenRoot(filepath.Dir(d.path))
	if err != nil {
		return nil, err
	}
	outer, err := newStaging(parent, d.siblingPrefix())
	if err != nil {
		_ = parent.Close()
		return nil, err
	}
	discard := func() error { return errors.Join(outer.remove(), parent.Close()) }
	made := outer.path("layout")
	if err := parent.Mkdir(made, 0o755); err != nil {
		return nil, errors.Join(fmt.Errorf("make %s/%s: %w", parent.Name(), made, err), discard())
	}
	inner := &Dir{path: filepath.Join(parent.Name(), made), private: true}
	t, err := inner.begin(opts)
	if err != nil {
		return nil, errors.Join(err, discard())
	}
	t.discard = discard
	t.finish = func(ctx context.Context, roots []image.Root) error {
		if err := t.stage.remove(); err != nil {
			return err
		}
		err := parent.Rename(made, filepath.Base(d.path))
		if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
			return d.addAll(ctx, inner, roots, opts)
		}
		if err != nil {
			return fmt.Errorf("rename to %s: %w", d.path, err)
		}
		return syncDir(parent, ".")
	}
	return t, nil
}

// addAll adds a layout that is complete to the directory, which somebody else has made meanwhile.
func (d *Dir) addAll(ctx context.Context, src *Dir, roots []image.Root, opts TxnOptions) error {
	graph, err := image.Walk(ctx, src, roots)
	if err != nil {
		return err
	}
	t, err := d.Transaction(ctx, opts)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := image.Copy(ctx, t, src, graph, image.CopyOptions{}); err != nil {
		return err
	}
	return t.Commit(ctx, roots)
}
