package command

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/tarball"
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
	chosen, err := s.choose(g, selectors)
	if err != nil {
		return nil, err
	}
	if g, err = image.Walk(ctx, s, chosen); err != nil {
		return nil, err
	}
	return &selection{s, g}, nil
}

// choose returns the roots that selectors mean, each once, and what belongs to them. A name without a tag means all tags
// of its repository.
func (s *source) choose(g *image.Graph, selectors []string) ([]image.Root, error) {
	var chosen []image.Root
	for _, text := range selectors {
		hits := repository(g.Roots, text)
		if len(hits) == 0 {
			var err error
			if hits, err = s.find(g, text); err != nil {
				return nil, hintChoices(g, err)
			}
		}
		chosen = append(chosen, hits...)
	}
	return withReferrers(g, chosen), nil
}

// find returns the roots that one selector means. @N counts what the place lists: the descriptors of an index, or, where
// there is none, the entries of a docker archive, each of which may have several names.
func (s *source) find(g *image.Graph, text string) ([]image.Root, error) {
	if s.place.transport == ociDir || s.place.transport == ociArchive { // whose tools know this annotation alone
		if hits := slices.DeleteFunc(slices.Clone(g.Roots), func(r image.Root) bool { return r.Annotations[image.AnnotationRefName] != text }); len(hits) > 0 {
			return hits, nil
		}
	}
	number, ok := strings.CutPrefix(text, "@")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || !s.listsEntries() {
		return image.Select(g, text, image.Host())
	}
	var hits []image.Root
	for i, position := range s.positions(g) {
		if position == n {
			hits = append(hits, g.Roots[i])
		}
	}
	if len(hits) == 0 {
		return nil, image.NotFoundf("no image %q", text)
	}
	return hits, nil
}

// positions returns the N of each root of a place's graph.
func (s *source) positions(g *image.Graph) []int {
	all := make([]int, len(g.Roots))
	for i, r := range g.Roots {
		switch {
		case i == 0:
		case s.listsEntries() && r.Digest == g.Roots[i-1].Digest:
			all[i] = all[i-1]
		default:
			all[i] = all[i-1] + 1
		}
	}
	return all
}

// listsEntries reports whether the place is a docker archive without an index, so that the names of an entry stand
// together.
func (s *source) listsEntries() bool {
	return s.archive != nil && (s.archive.Generation() == tarball.Manifest || s.archive.Generation() == tarball.V1)
}

// choices is how many images a hint lists.
const choices = 8

// hintChoices tells what there is to one who asked for what is not.
func hintChoices(g *image.Graph, err error) error {
	if !errors.Is(err, image.ErrNotFound) || len(g.Roots) == 0 {
		return err
	}
	var list []string
	for i, r := range g.Roots {
		if i == choices {
			list = append(list, "…")
			break
		}
		if tag := r.Tag(); tag != "" {
			list = append(list, "::"+tag)
			continue
		}
		list = append(list, r.Label())
	}
	return hintf(err, "there are %s", strings.Join(list, ", "))
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

// layers returns the blobs of all layers of the selection that are here, each once.
func (s *selection) layers() []image.Descriptor {
	return slices.DeleteFunc(s.graph.Blobs(), func(d image.Descriptor) bool { return !image.IsLayer(d.MediaType) })
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
