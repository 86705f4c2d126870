package image

import (
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
)

// Limits on graphs.
const (
	MaxIndexDepth = 8       // indexes inside indexes
	MaxNodes      = 200_000 // documents below one set of roots
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

// Walk reads the documents that the roots reach. Blobs that are not here are noted in the graph and are no error.
// Documents that are damaged, nested deeper than [MaxIndexDepth] or inside themselves are: the first such error is
// returned together with the graph of all that could be read, in which each has its own.
func Walk(ctx context.Context, src Source, roots []Root) (*Graph, error) {
	w := walker{ctx: ctx, src: src, g: &Graph{Roots: roots, nodes: map[digest.Digest]*Node{}}, open: map[digest.Digest]bool{}}
	for _, r := range roots {
		w.g.Tops = append(w.g.Tops, w.node(r.Descriptor, 0))
	}
	return w.g, w.err
}

type walker struct {
	ctx  context.Context //nolint:containedctx // a walker lives as long as one call of Walk
	src  Source
	g    *Graph
	open map[digest.Digest]bool // the indexes above the node being read
	err  error                  // the first
}

// fail notes why a node cannot be used.
func (w *walker) fail(n *Node, err error) *Node {
	if n.Err == nil {
		n.Err = err
	}
	if w.err == nil {
		w.err = err
	}
	return n
}

func (w *walker) node(d Descriptor, depth int) *Node {
	if err := ValidDescriptor(d); err != nil {
		return w.fail(&Node{Descriptor: d}, err)
	}
	if w.open[d.Digest] {
		return w.fail(&Node{Descriptor: d}, Damagef("index %s: it contains itself", d.Digest))
	}
	if n := w.g.nodes[d.Digest]; n != nil {
		if !n.Missing && n.Err == nil && n.Descriptor.Size != d.Size {
			return w.fail(&Node{Descriptor: d}, Damagef("descriptors of %s give two sizes, %d and %d", d.Digest, n.Descriptor.Size, d.Size))
		}
		return n
	}
	n := &Node{Descriptor: d}
	if len(w.g.nodes) >= MaxNodes {
		return w.fail(n, Damagef("more than %d documents", MaxNodes))
	}
	w.g.nodes[d.Digest] = n
	ok, err := w.src.Has(w.ctx, d)
	if err != nil {
		return w.fail(n, err)
	}
	if !ok {
		n.Missing = true
		return n
	}
	w.read(n, depth)
	return n
}

// read fills a node whose document is here.
func (w *walker) read(n *Node, depth int) {
	mediaType := n.Descriptor.MediaType
	known := IsIndex(mediaType) || IsManifest(mediaType)
	if !known && n.Descriptor.Size > MaxDocument {
		n.Kind = KindOpaque
		return
	}
	raw, err := ReadDocument(w.ctx, w.src, n.Descriptor)
	if err != nil {
		w.fail(n, err)
		return
	}
	index, manifest, err := parseDocument(n.Descriptor, raw)
	switch {
	case err != nil && (known || mediaType == ""):
		w.fail(n, err)
	case index != nil && err == nil:
		n.Kind, n.Index = KindIndex, index
		w.children(n, depth)
	case manifest != nil && err == nil:
		n.Manifest = manifest
		w.manifest(n)
	default:
		n.Kind = KindOpaque
	}
}

func (w *walker) children(n *Node, depth int) {
	if depth >= MaxIndexDepth {
		w.fail(n, Damagef("index %s: nested deeper than %d", n.Descriptor.Digest, MaxIndexDepth))
		return
	}
	w.open[n.Descriptor.Digest] = true
	defer delete(w.open, n.Descriptor.Digest)
	for _, d := range n.Index.Manifests {
		n.Children = append(n.Children, w.node(d, depth+1))
	}
}

func (w *walker) manifest(n *Node) {
	n.Kind = KindArtifact
	if n.Manifest.IsImage() {
		n.Kind = KindImage
	}
	for _, d := range n.Manifest.References() {
		ok, err := w.src.Has(w.ctx, d)
		if err != nil {
			w.fail(n, err)
			return
		}
		if !ok {
			n.Absent = append(n.Absent, d)
		}
	}
	if n.Kind != KindImage || digests(n.Absent)[n.Manifest.Config.Digest] {
		return
	}
	config, err := ReadConfig(w.ctx, w.src, n.Manifest)
	if err == nil {
		err = config.FitsLayers(len(n.Manifest.Layers))
	}
	if err != nil {
		w.fail(n, fmt.Errorf("manifest %s: %w", n.Descriptor.Digest, err))
		return
	}
	n.Config = config
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
	var visit func(n *Node)
	visit = func(n *Node) {
		if n.Missing || seen[n.Descriptor.Digest] {
			return
		}
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
