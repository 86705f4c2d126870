package image

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"
)

// Walk reads the documents that the roots reach. Blobs that are not here are noted in the graph and are no error.
// Documents that are damaged, nested deeper than [MaxIndexDepth] or inside themselves are: the first such error is
// returned together with the graph of all that could be read, in which each has its own.
func Walk(ctx context.Context, src Source, roots []Root) (*Graph, error) {
	w := walker{
		ctx: ctx, src: src, g: &Graph{Roots: roots, nodes: map[digest.Digest]*Node{}},
		open: map[digest.Digest]bool{}, sizes: map[digest.Digest]int64{}, configs: map[digest.Digest]readConfig{},
	}
	ways := 0
	for _, r := range roots {
		n := w.node(r.Descriptor, 0)
		if ways += n.ways; ways > MaxReached {
			n = w.fail(newNode(r.Descriptor), errReached())
		}
		w.g.Tops = append(w.g.Tops, n)
	}
	return w.g, w.err
}

// errReached ends a graph in which all that looks below each root would take too long.
func errReached() error { return Damagef("more than %d ways from roots to documents", MaxReached) }

func newNode(d Descriptor) *Node { return &Node{Descriptor: d, ways: 1} }

type walker struct {
	ctx  context.Context //nolint:containedctx // a walker lives as long as one call of Walk
	src  Source
	g    *Graph
	open map[digest.Digest]bool // the indexes above the node being read
	err  error                  // the first

	sizes   map[digest.Digest]int64 // of what is here, as it was described first
	configs map[digest.Digest]readConfig
	bytes   int64 // of documents
}

// readConfig is what came of reading a config; images that share one read it once.
type readConfig struct {
	config *Config
	err    error
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
		return w.fail(newNode(d), err)
	}
	if w.open[d.Digest] {
		return w.fail(newNode(d), Damagef("index %s: it contains itself", d.Digest))
	}
	if n := w.g.nodes[d.Digest]; n != nil {
		if !n.Missing && n.Err == nil && n.Descriptor.Size != d.Size {
			return w.fail(newNode(d), twoSizes(d, n.Descriptor.Size))
		}
		if depth+n.height > MaxIndexDepth {
			return w.fail(newNode(d), tooDeep(d))
		}
		return n
	}
	n := newNode(d)
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
	err := w.take(n.Descriptor)
	var raw []byte
	if err == nil {
		raw, err = ReadDocument(w.ctx, w.src, n.Descriptor)
	}
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
		w.fail(n, tooDeep(n.Descriptor))
		return
	}
	w.open[n.Descriptor.Digest] = true
	defer delete(w.open, n.Descriptor.Digest)
	for _, d := range n.Index.Manifests {
		child := w.node(d, depth+1)
		n.Children = append(n.Children, child)
		n.height = max(n.height, child.height)
		if n.ways += child.ways; n.ways > MaxReached {
			n.Children, n.ways = nil, 1
			w.fail(n, errReached())
			break
		}
	}
	n.height++
}

func tooDeep(d Descriptor) error {
	return Damagef("index %s: nested deeper than %d", d.Digest, MaxIndexDepth)
}

// take counts a document that is to be read, and its size as that of its digest.
func (w *walker) take(d Descriptor) error {
	if err := w.sized(d); err != nil {
		return err
	}
	if d.Size > MaxDocument {
		return nil // it will not be read
	}
	if w.bytes += d.Size; w.bytes > MaxDocuments {
		return Damagef("documents of more than %d bytes", int64(MaxDocuments))
	}
	return nil
}

// sized returns an error if a blob that is here was described with another size before.
func (w *walker) sized(d Descriptor) error {
	size, ok := w.sizes[d.Digest]
	if ok && size != d.Size {
		return twoSizes(d, size)
	}
	w.sizes[d.Digest] = d.Size
	return nil
}

func twoSizes(d Descriptor, size int64) error {
	return Damagef("descriptors of %s give two sizes, %d and %d", d.Digest, size, d.Size)
}

func (w *walker) manifest(n *Node) {
	n.Kind = KindArtifact
	if n.Manifest.IsImage() {
		n.Kind = KindImage
	}
	if err := w.references(n); err != nil {
		w.fail(n, fmt.Errorf("manifest %s: %w", n.Descriptor.Digest, err))
		return
	}
	if n.Kind != KindImage || digests(n.Absent)[n.Manifest.Config.Digest] {
		return
	}
	config, err := w.config(n.Manifest)
	if err == nil {
		err = config.FitsLayers(len(n.Manifest.Layers))
	}
	if err != nil {
		w.fail(n, fmt.Errorf("manifest %s: %w", n.Descriptor.Digest, err))
		return
	}
	n.Config = config
}

// references notes which of the blobs that a manifest needs are not here, and returns the first error.
func (w *walker) references(n *Node) (first error) {
	for _, d := range n.Manifest.References() {
		ok, err := w.src.Has(w.ctx, d)
		switch {
		case err != nil:
		case ok:
			err = w.sized(d)
		default:
			n.Absent = append(n.Absent, d)
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (w *walker) config(m *Manifest) (*Config, error) {
	if c, ok := w.configs[m.Config.Digest]; ok {
		return c.config, c.err
	}
	var c readConfig
	if c.err = w.take(m.Config); c.err == nil {
		c.config, c.err = ReadConfig(w.ctx, w.src, m)
	}
	w.configs[m.Config.Digest] = c
	return c.config, c.err
}
