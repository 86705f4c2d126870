package image

import (
	"regexp"

	"github.com/opencontainers/go-digest"
)

// cosignTag is how cosign and the OCI referrers tag schema name what belongs to a manifest: sha256-<hex>, with a suffix
// such as .sig, .att or .sbom for cosign.
var cosignTag = regexp.MustCompile(`^(sha256|sha512)-([a-f0-9]{64,128})(\.[a-z0-9.]+)?$`)

// Subject returns the digest of the manifest that the root n belongs to: by the subject of its document, by BuildKit's
// annotation, or by a tag as cosign writes it. It returns "" for a root that stands for itself.
func (r Root) Subject(n *Node) digest.Digest {
	switch {
	case n != nil && n.Manifest != nil && n.Manifest.Subject != nil:
		return n.Manifest.Subject.Digest
	case n != nil && n.Index != nil && n.Index.Subject != nil:
		return n.Index.Subject.Digest
	}
	if d := digest.Digest(r.Annotations[AnnotationReferenceDigest]); ValidDigest(d) == nil {
		return d
	}
	tag := r.Name.Tag()
	if r.Name == "" {
		tag = r.Tag()
	}
	m := cosignTag.FindStringSubmatch(tag)
	if m == nil {
		return ""
	}
	d := digest.Digest(m[1] + ":" + m[2])
	if ValidDigest(d) != nil {
		return ""
	}
	return d
}

// WithReferrers returns the chosen roots of a graph, in its order, and with them every root that belongs to a document
// which these reach, and so on.
func (g *Graph) WithReferrers(chosen func(i int) bool) []Root {
	var roots []Root
	for i, in := range g.Referrers(chosen) {
		if in {
			roots = append(roots, g.Roots[i])
		}
	}
	return roots
}

// Referrers reports which roots [Graph.WithReferrers] returns.
func (g *Graph) Referrers(chosen func(i int) bool) []bool {
	in := make([]bool, len(g.Roots))
	var queue []int // chosen, but not yet looked below
	of := map[digest.Digest][]int{}
	for i, r := range g.Roots {
		if chosen(i) {
			in[i] = true
			queue = append(queue, i)
		} else if s := r.Subject(g.Tops[i]); s != "" {
			of[s] = append(of[s], i)
		}
	}
	for len(queue) > 0 {
		top := g.Tops[queue[0]]
		queue = queue[1:]
		for _, n := range Below(top) {
			for _, i := range of[n.Descriptor.Digest] {
				in[i] = true
				queue = append(queue, i)
			}
			delete(of, n.Descriptor.Digest) // each root is taken once
		}
	}
	return in
}
