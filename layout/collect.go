package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// CollectOptions says what [Dir.Collect] removes. The zero value removes nothing.
type CollectOptions struct {
	// Edit returns the new roots; without it they stay. It is called under the lock, so that what it decides holds.
	Edit func(old []image.Root) ([]image.Root, error)
	// Keep are roots that are in use though the layout does not list them.
	Keep []image.Root
	// All removes every blob that nothing reaches. Without it, only what the roots that go have reached is looked at.
	All bool
	// KeepBlobs removes no blob at all.
	KeepBlobs bool
}

// Collect changes the roots and removes blobs that no root reaches any more. It returns what was removed, with sizes
// and without media types, by digest.
//
// Where a document that a remaining root reaches is damaged, nothing is known of what it needs: no blob is removed
// then, and with All that is an error. After an error the layout is as it was, or the roots have changed and the blobs
// are left to the next sweep.
func (d *Dir) Collect(ctx context.Context, opts CollectOptions) ([]image.Descriptor, error) {
	root, err := os.OpenRoot(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, d.editNothing(opts)
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := d.sweep(ctx, root); err != nil {
		return nil, err
	}
	s, err := newStaging(root, d.stagingPrefix())
	if err != nil {
		return nil, err
	}
	removed, err := d.collect(ctx, s, opts)
	return removed, errors.Join(err, s.remove())
}

// editNothing is a change of a layout that does not exist: only one that leaves it without roots is possible.
func (d *Dir) editNothing(opts CollectOptions) error {
	if opts.Edit == nil {
		return nil
	}
	roots, err := opts.Edit(nil)
	if err == nil && len(roots) > 0 {
		err = fmt.Errorf("change %s: %w", d.path, fs.ErrNotExist)
	}
	return err
}

func (d *Dir) collect(ctx context.Context, s *staging, opts CollectOptions) ([]image.Descriptor, error) {
	lock, err := d.lock(ctx, s.root)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	x, err := currentIndex(s.root)
	if err != nil {
		return nil, err
	}
	roots := x.roots
	if opts.Edit != nil {
		if roots, err = opts.Edit(slices.Clone(x.roots)); err != nil {
			return nil, err
		}
	}
	doomed, err := findDoomed(ctx, s.root, x, roots, opts)
	if err != nil {
		return nil, err
	}
	return doomed, applyCollect(s, x, roots, doomed)
}

// applyCollect writes the journal, the index, and removes the blobs, in this order: a kill or a failure in between leaves
// a journal by which a sweep goes on.
func applyCollect(s *staging, x *index, roots []image.Root, doomed []image.Descriptor) error {
	unchanged := x.same(roots) || x.fresh && len(roots) == 0
	if unchanged && len(doomed) == 0 {
		return nil
	}
	var blobs []digest.Digest
	for _, b := range doomed {
		blobs = append(blobs, b.Digest)
	}
	if err := s.writeJournal(blobs); err != nil {
		return err
	}
	if !unchanged {
		if shown, err := showIndex(s, x, roots); err != nil {
			if shown {
				s.abandon()
			}
			return err
		}
	}
	if err := removeBlobs(s.root, blobs); err != nil {
		s.abandon()
		return err
	}
	return nil
}

// findDoomed returns the blobs to remove once roots are all that there is.
func findDoomed(ctx context.Context, root *os.Root, x *index, roots []image.Root, opts CollectOptions) ([]image.Descriptor, error) {
	if opts.KeepBlobs {
		return nil, nil
	}
	src := &Layout{root.FS(), x}
	keep, err := reached(ctx, src, append(slices.Clone(roots), opts.Keep...))
	if errors.Is(err, image.ErrDamaged) && !opts.All && ctx.Err() == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var candidates []image.Descriptor
	if opts.All {
		candidates, err = listBlobs(root)
	} else {
		candidates, err = lostBlobs(ctx, src, x.roots, roots)
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(candidates, func(d image.Descriptor) bool { return keep[d.Digest] }), nil
}

// lostBlobs returns what the roots that go have reached, as far as it is not damaged.
func lostBlobs(ctx context.Context, src image.Source, old, roots []image.Root) ([]image.Descriptor, error) {
	stays := map[digest.Digest]bool{}
	for _, r := range roots {
		stays[r.Digest] = true
	}
	gone := slices.DeleteFunc(slices.Clone(old), func(r image.Root) bool { return stays[r.Digest] })
	g, _ := image.Walk(ctx, src, gone) // what is damaged goes too
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := g.Failed(); err != nil {
		return nil, fmt.Errorf("look for what goes: %w", err)
	}
	var lost []image.Descriptor
	for _, d := range g.Blobs() {
		ok, err := src.Has(ctx, d)
		if err != nil && !errors.Is(err, image.ErrDamaged) {
			return nil, err
		}
		if ok {
			lost = append(lost, image.Descriptor{Digest: d.Digest, Size: d.Size})
		}
	}
	return sorted(lost), nil
}

func sorted(blobs []image.Descriptor) []image.Descriptor {
	slices.SortFunc(blobs, func(a, b image.Descriptor) int {
		switch {
		case a.Digest < b.Digest:
			return -1
		case a.Digest > b.Digest:
			return 1
		}
		return 0
	})
	return blobs
}

// Blobs lists all files of the layout that are named as blobs, by digest.
func (d *Dir) Blobs() ([]image.Descriptor, error) {
	root, err := os.OpenRoot(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return listBlobs(root)
}

func listBlobs(root *os.Root) ([]image.Descriptor, error) {
	algorithms, err := readNames(root, blobsDir)
	if err != nil {
		return nil, err
	}
	var blobs []image.Descriptor
	for _, algorithm := range algorithms {
		names, err := readNames(root, blobsDir+"/"+algorithm)
		if err != nil && errors.Is(accessError(algorithm, err), image.ErrDamaged) {
			continue // not a folder
		}
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			d := digest.NewDigestFromEncoded(digest.Algorithm(algorithm), name)
			if image.ValidDigest(d) != nil {
				continue
			}
			info, err := root.Lstat(blobsDir + "/" + algorithm + "/" + name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("list %s: %w", root.Name(), err)
			}
			if info.Mode().IsRegular() {
				blobs = append(blobs, image.Descriptor{Digest: d, Size: info.Size()})
			}
		}
	}
	return sorted(blobs), nil
}
