package command

import (
	"context"

	"github.com/imgtool/imgtool/image"
)

// A selection is some of the roots of a source, with what they reach.
type selection struct {
	*source

	graph *image.Graph
}

// selectRoots reads the documents of a source and returns the roots that the selectors choose, each once and in the
// order of the source; without selectors all of them. What belongs to a chosen root comes with it. Damage in what was
// not chosen does not matter.
func (s *source) selectRoots(ctx context.Context, selectors []string) (*selection, error) {
	roots, err := s.Roots(ctx)
	if err != nil {
		return nil, err
	}
	g, err := image.Walk(ctx, s, roots)
	if len(selectors) == 0 {
		if err != nil {
			return nil, err
		}
		return &selection{s, g}, nil
	}
	var chosen []image.Root
	for _, text := range selectors {
		hits, err := image.Select(g, text, image.Host())
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, hits...)
	}
	chosen = withReferrers(g, chosen)
	if g, err = image.Walk(ctx, s, chosen); err != nil {
		return nil, err
	}
	return &selection{s, g}, nil
}

// withReferrers returns the chosen roots, each once, and the roots of the graph that belong to them.
func withReferrers(g *image.Graph, chosen []image.Root) []image.Root {
	picked := map[string]bool{}
	for _, r := range chosen {
		picked[rootKey(r)] = true
	}
	listed := map[string]bool{}
	all := g.WithReferrers(func(i int) bool {
		k := rootKey(g.Roots[i])
		listed[k] = true
		return picked[k]
	})
	for _, r := range chosen { // those that stand below a root and not at the top
		if k := rootKey(r); !listed[k] {
			listed[k] = true
			all = append(all, r)
		}
	}
	return all
}

// warnSparse tells that images of an index are not here.
func (c *call) warnSparse(what string, absent int) {
	if absent > 0 {
		c.warn("%s: %s listed but not here (sparse index); the rest is complete", what, count(absent, "platform manifest"))
	}
}

// imageID returns what docker calls the ID of an image: the digest of its config, of an index that of the host's image,
// else of the first that is here (SPEC decision 2); "" if there is none.
func imageID(top *image.Node) string {
	n := image.Pick(top, image.Host(), true)
	if n == nil {
		return ""
	}
	return n.Manifest.Config.Digest.String()
}
