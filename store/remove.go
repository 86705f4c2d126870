package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layout"
)

// ErrConflict says that an image is in use in a way that forbids to remove it.
var ErrConflict = errors.New("conflict")

// Tag gives an image of the store one more name. If another image had the name, it is returned.
func (s *Store) Tag(ctx context.Context, r image.Root, name image.Reference) (*Moved, error) {
	var moved *Moved
	err := s.layout.Update(ctx, func(old []image.Root) ([]image.Root, error) {
		ok, err := s.Has(ctx, r.Descriptor)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, image.NotFoundf("tag %s: it is not in the store any more", r.Label())
		}
		for _, o := range old {
			if o.Name == name && o.Digest != r.Digest {
				g, _ := image.Walk(ctx, s, []image.Root{o}) // what is damaged goes by its digest
				moved = &Moved{name, o, s.id(g.Tops[0])}
			}
		}
		return layout.Merge(old, []image.Root{r.Named(name)}), nil
	})
	if err != nil {
		return nil, err
	}
	return moved, nil
}

// RemoveOptions says what Remove may remove.
type RemoveOptions struct {
	// Force removes an image with several names by its ID.
	Force bool
}

// Removed is what was removed.
type Removed struct {
	Untagged []image.Root       // the names that went
	Deleted  []Deleted          // the images that no root lists any more
	Blobs    []image.Descriptor // the blobs that nothing needed any more, with their sizes
}

// Deleted is an image that is gone.
type Deleted struct {
	Root image.Root
	ID   string // of what was no image, its digest
}

// Bytes returns how much of the disk was freed.
func (r Removed) Bytes() int64 {
	var n int64
	for _, b := range r.Blobs {
		n += b.Size
	}
	return n
}

// Remove does what docker rmi does: a name goes, and with the last name its image and the blobs that nothing else needs.
// An ID or digest removes all names of its image; if they are several, it is a conflict without Force.
func (s *Store) Remove(ctx context.Context, text string, opts RemoveOptions) (Removed, error) {
	var gone Removed
	blobs, err := s.layout.Collect(ctx, layout.CollectOptions{Edit: func(old []image.Root) ([]image.Root, error) {
		g, _ := image.Walk(ctx, s, old) // what is damaged can be removed too
		if err := cmp.Or(ctx.Err(), g.Failed()); err != nil {
			return nil, err
		}
		hits, err := image.Select(g, text, s.host)
		if err != nil {
			return nil, err
		}
		if err := removable(text, hits, old, opts); err != nil {
			return nil, err
		}
		kept := slices.DeleteFunc(slices.Clone(old), func(r image.Root) bool { return slices.ContainsFunc(hits, same(r)) })
		gone = s.compare(g, kept)
		return kept, nil
	}})
	gone.Blobs = blobs
	return gone, err
}

// removable returns a conflict if a selector must not remove what it selects.
func removable(text string, hits, old []image.Root, opts RemoveOptions) error {
	if len(hits) == 1 && !slices.ContainsFunc(old, same(hits[0])) {
		return fmt.Errorf("%w: %s is part of an index; remove the index", ErrConflict, hits[0].Digest)
	}
	ref, err := image.ParseReference(text)
	if opts.Force || len(hits) < 2 || err == nil && hits[0].Name == ref {
		return nil
	}
	return fmt.Errorf("%w: unable to delete %s (must be forced) - image is referenced in multiple repositories", ErrConflict, text) // docker's words
}

// same returns a function that tells r from other roots.
func same(r image.Root) func(image.Root) bool {
	return func(o image.Root) bool { return o.Digest == r.Digest && o.Name == r.Name && o.Tag() == r.Tag() }
}

// compare tells what of a graph's roots is not among those that are kept.
func (s *Store) compare(g *image.Graph, kept []image.Root) Removed {
	var gone Removed
	listed := map[string]bool{}
	for _, r := range kept {
		listed[r.Digest.String()] = true
	}
	for i, r := range g.Roots {
		if slices.ContainsFunc(kept, same(r)) {
			continue
		}
		if r.Name != "" {
			gone.Untagged = append(gone.Untagged, r)
		}
		if !listed[r.Digest.String()] {
			listed[r.Digest.String()] = true
			gone.Deleted = append(gone.Deleted, Deleted{r, s.id(g.Tops[i])})
		}
	}
	return gone
}

// PruneOptions says what Prune removes.
type PruneOptions struct {
	// Remove, if set, says which roots go; without it, those that have neither a name nor a tag.
	Remove func(image.Root) bool
}

// Prune removes images, and every blob that nothing needs. What belongs to an image that stays, such as a signature,
// stays too.
func (s *Store) Prune(ctx context.Context, opts PruneOptions) (Removed, error) {
	remove := opts.Remove
	if remove == nil {
		remove = func(r image.Root) bool { return r.Name == "" && r.Tag() == "" }
	}
	var gone Removed
	blobs, err := s.layout.Collect(ctx, layout.CollectOptions{All: true, Edit: func(old []image.Root) ([]image.Root, error) {
		g, _ := image.Walk(ctx, s, old) // as above
		if err := cmp.Or(ctx.Err(), g.Failed()); err != nil {
			return nil, err
		}
		kept := g.WithReferrers(func(i int) bool { return !remove(g.Roots[i]) })
		kept = slices.DeleteFunc(slices.Clone(old), func(r image.Root) bool { return !slices.ContainsFunc(kept, same(r)) })
		gone = s.compare(g, kept)
		return kept, nil
	}})
	gone.Blobs = blobs
	return gone, err
}
