package command

import (
	"context"
	"strings"

	"github.com/imgtool/imgtool/image"
)

// gather opens the places that the arguments of save name, and returns all images that are meant, in the order of the
// arguments. A place that several arguments name is opened once.
func (c *call) gather(ctx context.Context, args []string, scratchDir string) (*selection, error) {
	all := &selection{source: &source{}}
	opened := map[string]*selection{} // by path; "" is the store
	var roots []image.Root
	for _, arg := range args {
		p := parsePlace(arg)
		one := opened[p.path]
		if one == nil {
			var err error
			if one, err = c.openAll(ctx, p, scratchDir); err != nil {
				all.Close()
				return nil, err
			}
			opened[p.path] = one
			all.closers = append(all.closers, one.Close)
			all.Source = overlay(one, all.Source)
		}
		hits, err := one.meant(p)
		if err != nil {
			all.Close()
			return nil, at(arg, hintStore(p, err))
		}
		roots = appendNew(roots, hits)
	}
	g, err := image.Walk(ctx, all, roots)
	if err == nil {
		var absent int
		absent, err = g.Require()
		c.warnSparse(strings.Join(args, " "), absent)
	}
	if err != nil {
		all.Close()
		return nil, at(strings.Join(args, " "), err)
	}
	all.graph = g
	return all, nil
}

// overlay puts a source in front of another one, which may be nil.
func overlay(top, base image.Source) image.Source {
	if base == nil {
		return top
	}
	return image.Overlay(top, base, nil)
}

// openAll opens a place with all of its roots; what is wrong with some of them is told when they are chosen.
func (c *call) openAll(ctx context.Context, p place, scratchDir string) (*selection, error) {
	src, err := c.openPlace(ctx, p, scratchDir)
	if err != nil {
		return nil, err
	}
	roots, err := src.Roots(ctx)
	if err != nil {
		src.Close()
		return nil, at(p.typed, err)
	}
	g, _ := image.Walk(ctx, src, roots) // its error is in the nodes
	return &selection{src, g}, nil
}

// meant returns the roots that an argument of save means: all of a place, or what the selector chooses; and what belongs
// to them.
func (s *selection) meant(p place) ([]image.Root, error) {
	if p.selector == "" {
		return s.graph.Roots, nil
	}
	return s.choose(s.graph, p.selectors())
}

// repository returns the roots whose name has the repository text, if that is a name without tag and digest.
func repository(roots []image.Root, text string) []image.Root {
	name, err := image.ParseReference(text)
	if err != nil || name.Digest() != "" || strings.HasSuffix(text, ":"+name.Tag()) {
		return nil
	}
	var hits []image.Root
	for _, r := range roots {
		if r.Name != "" && r.Name.Repository() == name.Repository() {
			hits = append(hits, r)
		}
	}
	return hits
}

// appendNew appends the roots that are not in the list yet.
func appendNew(list, more []image.Root) []image.Root {
	seen := map[string]bool{}
	for _, r := range list {
		seen[rootKey(r)] = true
	}
	for _, r := range more {
		if k := rootKey(r); !seen[k] {
			seen[k] = true
			list = append(list, r)
		}
	}
	return list
}

// rootKey tells roots apart that are listed for different names.
func rootKey(r image.Root) string {
	return r.Digest.String() + " " + string(r.Name) + " " + r.Tag()
}
