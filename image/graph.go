package image

import (
	"errors"

	"github.com/opencontainers/go-digest"
)

// Limits on graphs.
const (
	MaxIndexDepth = 8       // indexes inside indexes
	MaxNodes      = 200_000 // documents below one set of roots
	MaxReached    = 4 << 20 // the same, a document counted as often as there are ways from the roots to it
	MaxDocuments  = 1 << 30 // bytes of documents below one set of roots
)

// Node is one document of a graph. A document that several others name is one node.
type Node struct {
	Descriptor Descriptor // as its first parent gives it
	Kind       Kind       // zero if Missing

	Missing  bool         // the document itself is not here
	Err      error        // why the document or its config cannot be used
	Index    *Index       // of KindIndex
	Manifest *Manifest    // of KindImage and KindArtifact
	Config   *Config      // of KindImage, unless it is not here or damaged
	Children []*Node      // of KindIndex, as listed
	Absent   []Descriptor // of a manifest: what it references that is not here, in its order

	height int // indexes inside each other, itself counted
	ways   int // ways down from it, each to its end or not, itself counted
}

// Whole reports whether the node's document and all blobs that it references itself are here. Layers that may not be
// distributed and are to be fetched from elsewhere are not asked for.
func (n *Node) Whole() bool {
	if n.Missing || n.Err != nil {
		return false
	}
	_, lacks := n.lacks()
	return !lacks
}

// Bytes returns the node's document as it was read, nil if it is none of our kinds or not here.
func (n *Node) Bytes() []byte {
	switch {
	case n.Index != nil:
		return n.Index.Raw
	case n.Manifest != nil:
		return n.Manifest.Raw
	}
	return nil
}

// lacks returns the first blob that is not here and has to be.
func (n *Node) lacks() (Descriptor, bool) {
	if n.Missing {
		return n.Descriptor, true
	}
	for _, d := range n.Absent {
		if len(d.URLs) == 0 {
			return d, true
		}
	}
	return Descriptor{}, false
}

// Graph is all that a set of roots reaches in a source: documents read and checked, other blobs only looked for.
type Graph struct {
	Roots []Root
	Tops  []*Node // the node of each root, in the same order

	nodes map[digest.Digest]*Node
}

// Node returns the node of a document, or nil.
func (g *Graph) Node(d digest.Digest) *Node { return g.nodes[d] }

// Below returns the nodes that a node reaches, itself first, each once, in the order in which they are listed.
func Below(top *Node) []*Node {
	var all []*Node
	seen := map[*Node]bool{}
	var visit func(n *Node)
	visit = func(n *Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		all = append(all, n)
		for _, c := range n.Children {
			visit(c)
		}
	}
	visit(top)
	return all
}

// Images returns the image manifests that a node reaches, itself or below, whole or not; missing documents are left
// out, because nothing is known of them.
func Images(top *Node) []*Node {
	var images []*Node
	for _, n := range Below(top) {
		if n.Kind == KindImage {
			images = append(images, n)
		}
	}
	return images
}

// All returns every node of the graph once, roots in order, parents before children.
func (g *Graph) All() []*Node {
	return Below(&Node{Children: g.Tops})[1:]
}

// Failed returns the first error of a node that is neither damage nor absence: the system could not read it, and nothing is
// known of what it holds.
func (g *Graph) Failed() error {
	for _, n := range g.All() {
		if n.Err != nil && !errors.Is(n.Err, ErrDamaged) && !errors.Is(n.Err, ErrMissing) {
			return n.Err
		}
	}
	return nil
}

// Blobs returns every blob of the graph that is here, each once, in an order that depends on the graph alone:
// what a document references stands before it.
func (g *Graph) Blobs() []Descriptor {
	var all []Descriptor
	seen := map[digest.Digest]bool{}
	add := func(d Descriptor) {
		if !seen[d.Digest] {
			seen[d.Digest] = true
			all = append(all, d)
		}
	}
	visited := map[*Node]bool{} // a manifest may also be a layer of an artifact; that is no visit
	var visit func(n *Node)
	visit = func(n *Node) {
		if n.Missing || visited[n] {
			return
		}
		visited[n] = true
		for _, c := range n.Children {
			visit(c)
		}
		if n.Manifest != nil {
			absent := digests(n.Absent)
			for _, d := range n.Manifest.References() {
				if !absent[d.Digest] {
					add(d)
				}
			}
		}
		add(n.Descriptor)
	}
	for _, n := range g.Tops {
		visit(n)
	}
	return all
}

func digests(ds []Descriptor) map[digest.Digest]bool {
	set := make(map[digest.Digest]bool, len(ds))
	for _, d := range ds {
		set[d.Digest] = true
	}
	return set
}
