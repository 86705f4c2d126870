package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/imgtool/imgtool/image"
)

// A chosen image is what a verb for one image works on.
type chosen struct {
	*selection

	top   *image.Node  // what the name points at: the image, or an index that has it
	image *image.Node  // nil for an artifact
	names []image.Root // the roots of the same digest
}

// chooseOne opens the place that an argument names and finds the one image that is meant (SPEC decision 4). The caller
// closes it.
func (c *call) chooseOne(ctx context.Context, arg, platform string) (*chosen, error) {
	p := parsePlace(arg)
	all, err := c.openAll(ctx, p, "")
	if err != nil {
		return nil, err
	}
	one, err := all.one(p)
	if err != nil {
		all.Close()
		return nil, at(arg, hintStore(p, err))
	}
	if one.image, err = pick(one.top, platform); err != nil {
		all.Close()
		return nil, at(arg, err)
	}
	return one, nil
}

// hintStore helps one who meant a file in the current directory.
func hintStore(p place, err error) error {
	if !p.inStore() || strings.HasPrefix(p.typed, "::") || exitCode(err) != exitNotFound {
		return err
	}
	return hintf(err, "a bare word is an image in the store; a file is spelled ./%s", p.typed)
}

// one finds what a place that names one image means, not yet which image of an index.
func (s *selection) one(p place) (*chosen, error) {
	hits, err := s.candidates(p)
	if err != nil {
		return nil, err
	}
	top := s.graph.Node(hits[0].Digest)
	if top == nil || top.Err != nil {
		return nil, s.damaged(hits[0], top)
	}
	one := &chosen{selection: s, top: top}
	for _, r := range s.graph.Roots {
		if slices.ContainsFunc(hits, func(h image.Root) bool { return h.Digest == r.Digest }) {
			one.names = append(one.names, r)
		}
	}
	return one, nil
}

// candidates returns the roots of the one image that a place means; they are several where it has several names, or one
// ID is that of several manifests.
func (s *selection) candidates(p place) ([]image.Root, error) {
	if p.selector != "" {
		hits, err := s.find(s.graph, p.selector)
		return hits, hintChoices(s.graph, err)
	}
	var hits []image.Root
	var list []string
	positions := s.positions(s.graph)
	for i, r := range s.graph.Roots {
		if r.Subject(s.graph.Tops[i]) != "" {
			continue
		}
		if len(hits) == 0 || r.Digest != hits[0].Digest {
			list = append(list, fmt.Sprintf("%s (@%d)", r.Label(), positions[i]))
		}
		hits = append(hits, r)
	}
	switch {
	case len(list) == 0:
		return nil, image.NotFoundf("no image in it")
	case len(list) > 1:
		return nil, hintf(usagef("several images: %s", strings.Join(list, ", ")), "choose one, as in %s::@0", p.typed)
	}
	return hits, nil
}

func (*selection) damaged(root image.Root, top *image.Node) error {
	if top == nil {
		return image.NotFoundf("no document %s", root.Digest)
	}
	return top.Err
}

// pick returns the image of a node for a platform, or the one that stands out; nil for an artifact.
func pick(top *image.Node, platform string) (*image.Node, error) {
	if top.Missing {
		return nil, fmt.Errorf("manifest %s: %w", top.Descriptor.Digest, image.ErrMissing)
	}
	if platform != "" {
		want, err := image.ParsePlatform(platform)
		if err != nil {
			return nil, usageError{err}
		}
		return forPlatform(top, want)
	}
	if n := image.Pick(top, image.Host(), false); n != nil {
		return whole(n)
	}
	images := image.Images(top)
	var list []string
	for _, n := range images {
		if p, ok := n.Platform(); ok {
			list = append(list, image.FormatPlatform(p))
		}
	}
	if len(images) > 0 {
		return nil, hintf(usagef("several platforms: %s", strings.Join(list, ", ")), "choose one with --platform")
	}
	if _, err := (&image.Graph{Roots: []image.Root{{Descriptor: top.Descriptor}}, Tops: []*image.Node{top}}).Require(); err != nil {
		return nil, err
	}
	return nil, nil
}

// forPlatform returns the image of a node for a platform, which may be listed without being here.
func forPlatform(top *image.Node, want image.Platform) (*image.Node, error) {
	absent := image.Descriptor{}
	for _, n := range image.Below(top) {
		p, ok := n.Platform()
		switch {
		case !ok || !image.Fits(p, want):
		case n.Kind == image.KindImage:
			return whole(n)
		case n.Missing:
			absent = n.Descriptor
		}
	}
	if absent.Digest != "" {
		return nil, fmt.Errorf("platform %s: manifest %s: %w", image.FormatPlatform(want), absent.Digest, image.ErrMissing)
	}
	return nil, image.NotFoundf("no image for %s", image.FormatPlatform(want))
}

// whole returns the image if its config is here and sound: all that listing verbs need.
func whole(n *image.Node) (*image.Node, error) {
	switch {
	case n.Err != nil:
		return nil, n.Err
	case n.Config == nil:
		return nil, fmt.Errorf("config %s: %w", n.Manifest.Config.Digest, image.ErrMissing)
	}
	return n, nil
}

// needImage returns an error if what was chosen is no image.
func (o *chosen) needImage() error {
	if o.image == nil {
		return image.NotFoundf("%s is an artifact, not an image", o.top.Descriptor.Digest)
	}
	return nil
}
