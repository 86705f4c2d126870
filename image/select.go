package image

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"
)

// hexPrefix is the beginning of a digest or an ID, with or without its algorithm.
var hexPrefix = regexp.MustCompile(`^(?:(sha256|sha384|sha512):)?([a-f0-9]+)$`)

// Select returns the roots of a graph that a text chooses: all of one blob, which may be several where it has several
// names. In this order, the text is taken for
//
//   - @N: the N-th root, from 0;
//   - a whole digest or ID: of an index, a manifest or an image config;
//   - name[:tag][@digest], familiar or normalised; the tag is latest if there is neither;
//   - the tag of a root that has no name, but a tag alone;
//   - the first digits of a digest or ID.
//
// The ID of an index is that of its image for host, else of the first one that is here. A manifest that is not a root,
// but stands below one, is returned as a root without a name.
//
// The error matches [ErrNotFound] if the text fits nothing, and [ErrAmbiguous], with the list, if it fits several blobs; not
// if these are manifests of one image, whose whole ID it is or begins.
func Select(g *Graph, text string, host Platform) ([]Root, error) {
	s := selection{g: g, host: host}
	word := strings.TrimPrefix(text, "::")
	for _, by := range []func(string) bool{s.byPosition, s.byDigest, s.byName, s.byTag, s.byPrefix} {
		if by(word) {
			break
		}
	}
	if len(s.hits) == 0 {
		return nil, NotFoundf("no image %q", text)
	}
	if list := s.distinct(); len(list) > 1 && len(s.meant) != 1 {
		return nil, &kindError{ErrAmbiguous, fmt.Errorf("%q fits several images: %s", text, strings.Join(list, ", "))}
	}
	return s.hits, nil
}

// selection collects the roots that a text chooses. Its methods report whether the text is of their kind and fits.
type selection struct {
	g    *Graph
	host Platform
	hits []Root

	meant map[digest.Digest]bool // by digest or ID: those that the text is the beginning of
}

// distinct describes each blob that was hit, by its first name and its digest.
func (s *selection) distinct() []string {
	var list []string
	seen := map[digest.Digest]bool{}
	for _, r := range s.hits {
		if seen[r.Digest] {
			continue
		}
		seen[r.Digest] = true
		label := r.Digest.String()
		switch {
		case r.Name != "":
			label = r.Name.Familiar() + "@" + label
		case r.Platform != nil:
			label += " (" + FormatPlatform(*r.Platform) + ")"
		}
		list = append(list, label)
	}
	return list
}

func (s *selection) byPosition(word string) bool {
	number, ok := strings.CutPrefix(word, "@")
	if !ok {
		return false
	}
	n, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return false
	}
	if int(n) < len(s.g.Roots) {
		s.hits = append(s.hits, s.g.Roots[n])
	}
	return true
}

func (s *selection) byDigest(word string) bool {
	d := digest.Digest(strings.TrimPrefix(word, "@"))
	if hexID.MatchString(string(d)) {
		d = digest.NewDigestFromEncoded(digest.SHA256, string(d))
	}
	if ValidDigest(d) != nil {
		return false
	}
	s.matching(func(Root) bool { return true }, func(have digest.Digest) bool { return have == d })
	return true
}

func (s *selection) byName(word string) bool {
	ref, err := ParseReference(word)
	if err != nil {
		return false
	}
	for _, r := range s.g.Roots {
		if r.Name == ref {
			s.hits = append(s.hits, r)
		}
	}
	if d := ref.Digest(); d != "" && len(s.hits) == 0 {
		named := func(r Root) bool {
			return r.Name.Repository() == ref.Repository() && (ref.Tag() == "" || ref.Tag() == r.Name.Tag())
		}
		s.matching(named, func(have digest.Digest) bool { return have == d })
	}
	return len(s.hits) > 0
}

func (s *selection) byTag(word string) bool {
	for _, r := range s.g.Roots {
		if word != "" && r.Tag() == word {
			s.hits = append(s.hits, r)
		}
	}
	return len(s.hits) > 0
}

func (s *selection) byPrefix(word string) bool {
	m := hexPrefix.FindStringSubmatch(word)
	if m == nil {
		return false
	}
	s.matching(func(Root) bool { return true }, func(have digest.Digest) bool {
		return ValidDigest(have) == nil && strings.HasPrefix(have.Encoded(), m[2]) &&
			(m[1] == "" || m[1] == have.Algorithm().String())
	})
	return true
}

// matching adds the roots among some whose digest or ID fits; if there are none, the manifests and indexes below them that
// fit by their digest or their config's. Several of them may be meant by one ID: an image that has two manifests.
func (s *selection) matching(among func(Root) bool, fits func(digest.Digest) bool) {
	s.meant = map[digest.Digest]bool{}
	fit := func(n, id *Node) bool {
		d := n.Descriptor.Digest
		if fits(d) {
			s.meant[d] = true
			return true
		}
		if id == nil || !fits(id.Manifest.Config.Digest) {
			return false
		}
		s.meant[id.Manifest.Config.Digest] = true
		return true
	}
	listed := map[digest.Digest]bool{}
	var below []*Node
	for i, r := range s.g.Roots {
		if !among(r) {
			continue
		}
		top := s.g.Tops[i]
		if fit(top, Pick(top, s.host, true)) {
			s.hits = append(s.hits, r)
			listed[r.Digest] = true
		}
		below = append(below, Below(top)[1:]...)
	}
	roots := len(s.hits) > 0
	for _, n := range below {
		var id *Node
		if n.Kind == KindImage {
			id = n
		}
		if listed[n.Descriptor.Digest] || !fit(n, id) || roots {
			continue
		}
		listed[n.Descriptor.Digest] = true
		s.hits = append(s.hits, Root{Descriptor: n.Descriptor}.Named(""))
	}
}
