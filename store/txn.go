package store

import (
	"context"
	"fmt"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layout"
)

// BeginOptions says how a transaction ends. The zero value is useful.
type BeginOptions struct {
	// NoClobber leaves every name with the image that has it.
	NoClobber bool
}

// Moved is a name that a transaction has given to another image, or with NoClobber has not.
type Moved struct {
	Name  image.Reference
	Old   image.Root // as it was, with the name
	OldID string     // the old image's ID; its digest, if the new one has the same ID or it is no image
}

// Txn is a transaction of the store. Blobs go to the [layout.Txn] in it.
type Txn struct {
	*layout.Txn

	ctx   context.Context //nolint:containedctx // a transaction lives as long as one command
	store *Store
	opts  BeginOptions
	moved []Moved
	kept  []Moved
}

// Begin makes the store if it does not exist, and starts a transaction. Its Commit keeps each name once: one that
// another image has moves to the new one, which is told by Moved.
func (s *Store) Begin(ctx context.Context, opts BeginOptions) (*Txn, error) {
	t := &Txn{ctx: ctx, store: s, opts: opts}
	err := s.create()
	if err == nil {
		t.Txn, err = s.layout.Transaction(ctx, layout.TxnOptions{Merge: t.merge})
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", s.path, err)
	}
	return t, nil
}

// Sink returns the store as an [image.Sink].
func (s *Store) Sink(opts BeginOptions) image.Sink { return sink{s, opts} }

type sink struct {
	store *Store
	opts  BeginOptions
}

func (s sink) Begin(ctx context.Context) (image.Txn, error) {
	t, err := s.store.Begin(ctx, s.opts)
	if err != nil {
		return nil, err // not a nil *Txn
	}
	return t, nil
}

// Moved returns, after Commit, the names that other images had before, in the order of the store.
func (t *Txn) Moved() []Moved { return t.moved }

// Kept returns, after Commit with NoClobber, the names that stayed with the images that had them.
func (t *Txn) Kept() []Moved { return t.kept }

// merge is called under the lock of the layout.
func (t *Txn) merge(old, add []image.Root) ([]image.Root, error) {
	t.moved, t.kept = nil, nil
	named := map[image.Reference]image.Root{}
	for _, r := range old {
		if r.Name != "" {
			named[r.Name] = r
		}
	}
	wanted := make([]image.Root, len(add))
	last := map[image.Reference]image.Root{} // where each name is in the end
	for i, r := range add {
		wanted[i] = normal(r)
		before, taken := named[r.Name]
		switch {
		case r.Name == "":
		case t.opts.NoClobber && taken && before.Digest != r.Digest:
			wanted[i] = r.Named("")
			t.kept = append(t.kept, Moved{r.Name, before, t.idOf(before)})
		default:
			last[r.Name] = r
		}
	}
	for _, r := range old {
		now, ok := last[r.Name]
		if !ok || now.Digest == r.Digest {
			continue
		}
		id := t.idOf(r)
		if id == t.idOf(now) { // another manifest of the same image
			id = r.Digest.String()
		}
		t.moved = append(t.moved, Moved{r.Name, r, id})
	}
	return layout.Merge(old, wanted), nil
}

// normal returns a root with its name as the store writes it.
func normal(r image.Root) image.Root {
	if r.Name == "" {
		return r
	}
	return r.Named(r.Name)
}

func (t *Txn) idOf(r image.Root) string {
	g, _ := image.Walk(t.ctx, t.Txn, []image.Root{r}) // what is damaged goes by its digest
	return t.store.id(g.Tops[0])
}
