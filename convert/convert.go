package convert

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
)

// MediaTypes is a family of media types.
type MediaTypes int

// The families. Docker's has no type for zstd layers.
const (
	KeepMediaTypes MediaTypes = iota
	OCI
	Docker
)

// Options says what is to change. The zero value changes nothing.
type Options struct {
	Platforms  []image.Platform  // the platforms to keep; none: all
	Sparse     bool              // keep the index as it is and leave out the blobs of the other platforms
	Layers     *compression.Spec // how layers are to be compressed; nil: as they are
	MediaTypes MediaTypes
	Limits     compression.Limits // of what layers may expand to
	Jobs       int                // layers dealt with at a time
	Warn       func(string)       // told what could not be kept; may be nil
	Progress   func(d image.Descriptor, n int64)
}

// Change is a document that became another one.
type Change struct{ Old, New digest.Digest }

// Result is a source with the converted roots.
type Result struct {
	image.Source

	Graph   *image.Graph // of the converted roots
	Changes []Change     // of roots and the manifests below them, in the order of the roots
}

// Apply returns what the roots of a graph over src become. New blobs go to the scratch, which has to live as long as the
// result is used. A converted layer is checked against its descriptor and diff ID on the way.
func Apply(ctx context.Context, scratch *image.Scratch, src image.Source, g *image.Graph, opts Options) (*Result, error) {
	c := &converter{
		opts: opts, src: src, scratch: scratch,
		layers: map[digest.Digest]image.Descriptor{}, done: map[digest.Digest]image.Descriptor{}, gone: map[digest.Digest]bool{},
	}
	if err := c.selectPlatforms(g); err != nil {
		return nil, err
	}
	if err := c.convertLayers(ctx, g); err != nil {
		return nil, err
	}
	roots, err := c.roots(ctx, g)
	if err != nil {
		return nil, err
	}
	base := src
	if len(c.gone) > 0 {
		base = without{src, c.gone}
	}
	over := image.Overlay(scratch, base, roots)
	out, err := image.Walk(ctx, over, roots)
	if err != nil {
		return nil, fmt.Errorf("read what was converted: %w", err)
	}
	return &Result{Source: over, Graph: out, Changes: c.changes}, nil
}

type converter struct {
	opts    Options
	src     image.Source
	scratch *image.Scratch
	keep    map[digest.Digest]bool             // with Platforms: the manifests to keep; nil: all
	gone    map[digest.Digest]bool             // with Sparse: the manifests to leave out
	layers  map[digest.Digest]image.Descriptor // new descriptors of layers, by old digest
	done    map[digest.Digest]image.Descriptor // the same for documents: media type, digest and size
	changes []Change
}

func (c *converter) warn(format string, args ...any) {
	if c.opts.Warn != nil {
		c.opts.Warn(fmt.Sprintf(format, args...))
	}
}

func (c *converter) selectPlatforms(g *image.Graph) error {
	if len(c.opts.Platforms) == 0 {
		return nil
	}
	c.keep = map[digest.Digest]bool{}
	for i, top := range g.Tops {
		if noPlatform(top) {
			for _, n := range image.Below(top) {
				c.keep[n.Descriptor.Digest] = true
			}
			continue
		}
		keep, err := only(top, c.opts.Platforms)
		if err != nil {
			return fmt.Errorf("%s: %w", g.Roots[i].Label(), err)
		}
		for d := range keep {
			c.keep[d] = true
		}
	}
	if !c.opts.Sparse {
		return nil
	}
	for _, n := range g.All() {
		if n.Kind != image.KindIndex && !c.keep[n.Descriptor.Digest] {
			c.gone[n.Descriptor.Digest] = true
		}
	}
	c.keep = nil
	return nil
}

// noPlatform reports whether a root holds artifacts alone. They have no platform; what they belong to decides.
func noPlatform(top *image.Node) bool {
	for _, n := range image.Below(top) {
		if p, ok := n.Platform(); n.Missing || n.Kind == image.KindImage || ok && p.OS != "unknown" {
			return false
		}
	}
	return true
}

// roots converts the roots in order, first those that stand for themselves, so that what belongs to another document
// finds out what became of that.
func (c *converter) roots(ctx context.Context, g *image.Graph) ([]image.Root, error) {
	for _, belongs := range []bool{false, true} {
		for i, top := range g.Tops {
			if (g.Roots[i].Subject(top) != "") != belongs {
				continue
			}
			if err := c.node(ctx, top); err != nil {
				return nil, err
			}
		}
	}
	dropped := g.Referrers(func(i int) bool {
		s := g.Roots[i].Subject(g.Tops[i])
		return s != "" && c.changed(s)
	})
	var roots []image.Root
	for i, top := range g.Tops {
		r, out := g.Roots[i], c.done[top.Descriptor.Digest]
		if dropped[i] {
			c.warn("%s belongs to %s, which changes: left out", r.Label(), r.Subject(top))
			continue
		}
		r.MediaType, r.Digest, r.Size = out.MediaType, out.Digest, out.Size
		roots = append(roots, r)
	}
	return roots, nil
}

// changed reports whether a document became another one.
func (c *converter) changed(d digest.Digest) bool {
	out, ok := c.done[d]
	return ok && out.Digest != d
}
