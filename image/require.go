package image

import (
	"fmt"
)

// Require returns an error that matches [ErrMissing] and names the first blob that is not here if a root cannot be used
// as it is: a manifest without all of its blobs, or an index without a single whole image. The images of an index that
// are not here otherwise are counted: such an index is sparse.
func (g *Graph) Require() (absent int, err error) {
	for i := range g.Tops {
		n, err := g.RequireRoot(i)
		if err != nil {
			return 0, err
		}
		absent += n
	}
	return absent, nil
}

// RequireRoot is [Graph.Require] for the i-th root alone.
func (g *Graph) RequireRoot(i int) (absent int, err error) {
	if absent, err = requireRoot(g.Tops[i]); err != nil {
		return 0, fmt.Errorf("%s: %w", g.Roots[i].Label(), err)
	}
	return absent, nil
}

func requireRoot(top *Node) (absent int, err error) {
	if d, ok := top.lacks(); ok {
		return 0, missingBlob(d)
	}
	var lacking []Descriptor
	image := false
	for _, n := range Below(top)[1:] {
		image = image || n.Kind == KindImage && n.Whole()
		if d, ok := n.lacks(); ok {
			lacking = append(lacking, d)
		}
	}
	if len(lacking) > 0 && !image {
		return 0, missingBlob(lacking[0])
	}
	return len(lacking), nil
}

func missingBlob(d Descriptor) error {
	return fmt.Errorf("blob %s: %w", d.Digest, ErrMissing)
}
