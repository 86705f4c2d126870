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
	roots := slices.Clone(old)
	for _, r := range add {
		roots = mergeRoot(roots, r)
	}
	return roots
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

func mergeRoot(roots []image.Root, r image.Root) []image.Root {
	if slices.ContainsFunc(roots, func(o image.Root) bool { return holds(o, r) }) {
		return roots
	}
	if r.Name != "" {
		roots = dropName(roots, r)
	}
	bare := slices.IndexFunc(roots, func(o image.Root) bool { return o.Digest == r.Digest && isBare(o) })
	switch {
	case bare < 0:
		return append(roots, r)
	case !isBare(r):
		roots[bare] = r
	}
	return roots
}

// holds reports whether a list with o needs no r: they name the same blob in the same way, or r does not name it and o
// lists it.
func holds(o, r image.Root) bool {
	if o.Digest != r.Digest || o.Size != r.Size || o.MediaType != r.MediaType {
		return false
	}
	return isBare(r) || o.Name == r.Name && o.Tag() == r.Tag()
}

// isBare reports whether a root has neither a name nor a tag.
func isBare(r image.Root) bool { return r.Name == "" && r.Tag() == "" }

// dropName takes r's name from the roots that have it.
func dropName(roots []image.Root, r image.Root) []image.Root {
	var kept []image.Root
	for i, o := range roots {
		if o.Name != r.Name {
			kept = append(kept, o)
			continue
		}
		listed := func(other image.Root) bool { return other.Digest == o.Digest }
		if o.Digest != r.Digest && !slices.ContainsFunc(kept, listed) && !slices.ContainsFunc(roots[i+1:], listed) {
			kept = append(kept, o.Named(""))
		}
	}
	return kept
}
