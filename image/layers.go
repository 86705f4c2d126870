package image

import (
	"github.com/opencontainers/go-digest"
)

// Layer is a layer as an image has it: the blob, and the digest of its tar once it is decompressed.
type Layer struct {
	Descriptor

	DiffID digest.Digest // empty if the image's config has no diff IDs
}

// Layers returns the layers of an image, lowest first. The node is one of [KindImage] without an error.
func (n *Node) Layers() []Layer {
	layers := make([]Layer, len(n.Manifest.Layers))
	for i, d := range n.Manifest.Layers {
		layers[i].Descriptor = d
		if n.Config != nil && n.Config.HasDiffIDs {
			layers[i].DiffID = n.Config.DiffIDs[i]
		}
	}
	return layers
}

// Layers returns every layer of every image of the graph that is here, each pair of blob and diff ID once. An error
// that matches [ErrDamaged] says that two images give one blob two diff IDs.
func (g *Graph) Layers() ([]Layer, error) {
	var all []Layer
	known := map[digest.Digest]int{} // by blob, its place in all
	for _, n := range g.All() {
		if n.Kind != KindImage || n.Err != nil || n.Config == nil {
			continue
		}
		absent := digests(n.Absent)
		for _, l := range n.Layers() {
			i, ok := known[l.Digest]
			switch {
			case absent[l.Digest]:
			case !ok:
				known[l.Digest] = len(all)
				all = append(all, l)
			case all[i].DiffID == "":
				all[i].DiffID = l.DiffID
			case l.DiffID != "" && l.DiffID != all[i].DiffID:
				return nil, Damagef("layer %s has two diff IDs, %s and %s", l.Digest, all[i].DiffID, l.DiffID)
			}
		}
	}
	return all, nil
}
