package convert

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// only returns which manifests below top are for one of the wanted platforms, and the attestations of these. An error
// that matches [image.ErrNotFound] names a platform that top does not list, one that matches [image.ErrMissing] a
// platform that it lists, but whose image is not here.
func only(top *image.Node, want []image.Platform) (map[digest.Digest]bool, error) {
	keep := map[digest.Digest]bool{}
	nodes := image.Below(top)
	for _, p := range want {
		found, missing := false, image.Descriptor{}
		for _, n := range nodes {
			have, ok := n.Platform()
			if !ok || n.Kind == image.KindIndex || !image.Fits(have, p) {
				continue
			}
			found = found || n.Whole()
			if !n.Whole() {
				missing = n.Descriptor
				continue
			}
			keep[n.Descriptor.Digest] = true
		}
		switch {
		case found:
		case missing.Digest != "":
			return nil, fmt.Errorf("platform %s: manifest %s: %w", image.FormatPlatform(p), missing.Digest, image.ErrMissing)
		default:
			return nil, image.NotFoundf("platform %s: not there, only %s", image.FormatPlatform(p), listed(nodes))
		}
	}
	for _, n := range nodes {
		if of := n.Descriptor.Annotations[image.AnnotationReferenceDigest]; of != "" && keep[digest.Digest(of)] {
			keep[n.Descriptor.Digest] = true
		}
	}
	return keep, nil
}

// listed names the platforms of the images among nodes, for messages.
func listed(nodes []*image.Node) string {
	var names []string
	for _, n := range nodes {
		p, ok := n.Platform()
		if !ok || p.OS == "unknown" || n.Kind == image.KindIndex {
			continue
		}
		if s := image.FormatPlatform(p); !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	if len(names) == 0 {
		return "images of no stated platform"
	}
	return strings.Join(names, ", ")
}

// without is a source in which some documents are not there: how a sparse index comes about.
type without struct {
	image.Source

	gone map[digest.Digest]bool
}

func (w without) Has(ctx context.Context, d image.Descriptor) (bool, error) {
	if w.gone[d.Digest] {
		return false, nil
	}
	return w.Source.Has(ctx, d)
}

func (w without) Open(ctx context.Context, d image.Descriptor) (*image.Blob, error) {
	if w.gone[d.Digest] {
		return nil, fmt.Errorf("open blob %s: %w", d.Digest, image.ErrMissing)
	}
	return w.Source.Open(ctx, d)
}
