package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

// Commit adds the blobs that the roots reach, and the roots, to the layout; staged blobs that no root reaches are
// dropped. If the layout has all of it already, nothing is written. After an error the layout is as it was, unless the
// error is that of the very last sync.
func (t *Txn) Commit(ctx context.Context, roots []image.Root) error {
	graph, err := image.Walk(ctx, t, roots)
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	blobs := graph.Blobs()
	if err := t.sync(ctx, blobs); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if err := t.show(ctx, blobs, roots); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if t.finish != nil {
		if err := t.finish(ctx, roots); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	_ = t.Close() // what it cannot remove, the next command sweeps
	return nil
}

// syncers is how many files are synced at a time, so that the disk writes their metadata in one go.
const syncers = 8

// sync waits until the staged files among these blobs are on the disk.
func (t *Txn) sync(ctx context.Context, blobs []image.Descriptor) error {
	names := make(chan string)
	errs := make([]error, syncers)
	var group sync.WaitGroup
	for i := range syncers {
		group.Go(func() {
			for name := range names {
				if err := ctx.Err(); err != nil {
					errs[i] = err
				} else if err := syncFile(t.root, name); err != nil {
					errs[i] = err
				}
			}
		})
	}
	for _, d := range blobs {
		if b, ok := t.find(d.Digest); ok && !b.linked {
			names <- b.name
		}
	}
	close(names)
	group.Wait()
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool { return err == nil })...)
}

func syncFile(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// show makes blobs and roots visible, under the lock.
func (t *Txn) show(ctx context.Context, blobs []image.Descriptor, roots []image.Root) error {
	lock, err := t.dir.lock(ctx, t.root)
	if err != nil {
		return err
	}
	defer lock.Close()
	x, err := currentIndex(t.root)
	if err != nil {
		return err
	}
	merged, err := t.merge(slices.Clone(x.roots), roots)
	if err != nil {
		return err
	}
	moves, err := t.plan(blobs)
	if err != nil {
		return err
	}
	if len(moves) == 0 && x.same(merged) {
		return nil
	}
	var added []digest.Digest
	for _, m := range moves {
		if m.added {
			added = append(added, m.digest)
		}
	}
	if err := t.stage.writeJournal(added); err != nil {
		return err
	}
	fresh := x.fresh
	if err := t.install(moves); err != nil {
		return errors.Join(err, t.takeBack(added, fresh))
	}
	if x.same(merged) {
		return nil
	}
	return t.replaceIndex(x, merged, added)
}

// replaceIndex writes index.json, and takes the new blobs back if that fails before it is visible.
func (t *Txn) replaceIndex(x *index, merged []image.Root, added []digest.Digest) error {
	fresh := x.fresh
	shown, err := showIndex(t.stage, x, merged)
	if err == nil || shown {
		return err
	}
	return errors.Join(err, t.takeBack(added, fresh))
}

// showIndex is writeIndex, and reports whether the new index.json is visible, which it may be after an error too.
func showIndex(s *staging, x *index, roots []image.Root) (shown bool, err error) {
	before, _ := s.root.Stat(indexFile)
	if err = writeIndex(s, x, roots); err == nil {
		return true, nil
	}
	after, _ := s.root.Stat(indexFile)
	return after != nil && (before == nil || !os.SameFile(before, after)), err
}

// takeBack undoes an install that is not going to be used. The caller holds the lock, and index.json is the old one.
func (t *Txn) takeBack(added []digest.Digest, fresh bool) error {
	err := removeBlobs(t.root, added)
	if fresh {
		err = errors.Join(err, removeFrame(t.root))
	}
	if err != nil {
		t.stage.abandon()
	}
	return err
}

// move is a staged blob that has to get its place in the layout.
type move struct {
	digest digest.Digest
	from   string
	to     string
	added  bool // there is nothing in its place
}

// plan returns the moves that are needed. It fails if a blob that the roots rely on, and that was in the layout when it
// was looked for, is not there any more.
func (t *Txn) plan(blobs []image.Descriptor) ([]move, error) {
	var moves []move
	for _, d := range blobs {
		name, err := blobPath(d.Digest)
		if err != nil {
			return nil, err
		}
		_, err = t.root.Lstat(name)
		absent := errors.Is(err, fs.ErrNotExist)
		if err != nil && !absent {
			return nil, accessError(name, err)
		}
		b, staged := t.find(d.Digest)
		switch {
		case !staged && absent:
			return nil, image.Missingf("blob %s: it was removed meanwhile: %w", d.Digest, image.ErrMissing)
		case staged && (absent || b.replace):
			moves = append(moves, move{d.Digest, b.name, name, absent})
		}
	}
	return moves, nil
}

// install renames the blobs into their places and syncs the folders.
func (t *Txn) install(moves []move) error {
	folders := map[string]bool{}
	for _, m := range moves {
		folder := path.Dir(m.to)
		if !folders[folder] {
			if err := t.root.MkdirAll(folder, 0o755); err != nil {
				return fmt.Errorf("make %s/%s: %w", t.root.Name(), folder, err)
			}
			folders[folder] = true
		}
		if err := t.root.Rename(m.from, m.to); err != nil {
			return fmt.Errorf("write %s/%s: %w", t.root.Name(), m.to, err)
		}
	}
	for folder := range folders {
		if err := syncDir(t.root, folder); err != nil {
			return err
		}
	}
	if len(folders) == 0 {
		return nil
	}
	return syncDir(t.root, blobsDir)
}

// writeVersion makes oci-layout if it is missing.
func writeVersion(s *staging) error {
	if _, err := s.root.Stat(ocispec.ImageLayoutFile); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	raw, err := image.Encode(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return err
	}
	return s.writeFile(ocispec.ImageLayoutFile, raw, 0o644)
}
