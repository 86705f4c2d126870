package store

import (
	"context"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// Usage is how much of the disk a store takes. Every blob is counted once.
type Usage struct {
	Images       []ImageUsage
	Bytes        int64 // of all blobs
	Unreferenced int64 // bytes of blobs that no root reaches
}

// ImageUsage is what one root reaches. The names of one image are roots of their own.
type ImageUsage struct {
	Root   image.Root
	ID     string
	Bytes  int64 // of all its blobs
	Unique int64 // of those that no root of another digest reaches
}

// Shared returns the bytes that other images need too.
func (u ImageUsage) Shared() int64 { return u.Bytes - u.Unique }

// Usage measures the store.
func (s *Store) Usage(ctx context.Context) (Usage, error) {
	roots, err := s.Roots(ctx)
	if err != nil {
		return Usage{}, err
	}
	g, _ := image.Walk(ctx, s, roots) // what is damaged takes space too
	if err := ctx.Err(); err != nil {
		return Usage{}, err
	}
	users := map[digest.Digest]map[digest.Digest]bool{} // of each blob, the roots that reach it
	reach := make([][]image.Descriptor, len(roots))
	for i, top := range g.Tops {
		reach[i] = (&image.Graph{Roots: roots[i : i+1], Tops: []*image.Node{top}}).Blobs()
		for _, d := range reach[i] {
			if users[d.Digest] == nil {
				users[d.Digest] = map[digest.Digest]bool{}
			}
			users[d.Digest][roots[i].Digest] = true
		}
	}
	usage := Usage{Images: make([]ImageUsage, len(roots))}
	for i, r := range roots {
		u := ImageUsage{Root: r, ID: s.id(g.Tops[i])}
		for _, d := range reach[i] {
			u.Bytes += d.Size
			if len(users[d.Digest]) == 1 {
				u.Unique += d.Size
			}
		}
		usage.Images[i] = u
	}
	blobs, err := s.layout.Blobs()
	for _, d := range blobs {
		usage.Bytes += d.Size
		if users[d.Digest] == nil {
			usage.Unreferenced += d.Size
		}
	}
	return usage, err
}
