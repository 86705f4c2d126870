package layout

import (
	"slices"

	"github.com/imgtool/imgtool/image"
)

// Merge returns the roots of a place that has old after add was written to it: those of old in their order, then what
// is new. Each name stands once: it moves to the root that is added, and the one that had it keeps its place without a
// name, unless its blob is listed elsewhere. A tag alone stands once with each blob, and a root with neither only if its
// blob is not listed otherwise.
func Merge(old, add []image.Root) []image.Root {
	m := newMerging(old)
	for _, r := range add {
		m.add(r)
	}
	return m.list()
}

// retag takes the tags alone that roots to be added have from the roots of a layout that have them: in a layout that is an
// output, unlike a store, which keeps what comes from many places, a tag is all the name there is.
func retag(old, add []image.Root) []image.Root {
	tagged := map[string]image.Root{}
	for _, r := range add {
		if r.Tag() != "" {
			tagged[r.Tag()] = r
		}
	}
	roots := slices.Clone(old)
	for i, o := range roots {
		if r, ok := tagged[o.Tag()]; ok && o.Tag() != "" && r.Digest != o.Digest {
			roots[i] = o.Named("")
		}
	}
	return roots
}
