package layout

import (
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// merging is a list of roots on its way through [Merge], with what finds in it, so that many roots take no more than their
// time.
type merging struct {
	roots []image.Root
	gone  []bool // of each root; those that are gone count nowhere else

	listed map[digest.Digest]int     // how many there are of a blob
	alike  map[rootKind]int          // how many there are of a blob as it is described
	named  map[rootName]int          // how many name a blob in this way
	places map[image.Reference][]int // where a name stands, in order
	bare   map[digest.Digest][]int   // where the roots of a blob without name and tag stand, in order
}

// rootKind is a blob as a root describes it.
type rootKind struct {
	digest    digest.Digest
	size      int64
	mediaType string
}

// rootName is how a root names a blob.
type rootName struct {
	rootKind

	name image.Reference
	tag  string
}

func kindOf(r image.Root) rootKind { return rootKind{r.Digest, r.Size, r.MediaType} }

func nameOf(r image.Root) rootName { return rootName{kindOf(r), r.Name, r.Tag()} }

// isBare reports whether a root has neither a name nor a tag.
func isBare(r image.Root) bool { return r.Name == "" && r.Tag() == "" }

func newMerging(old []image.Root) *merging {
	m := &merging{
		roots: slices.Clone(old), gone: make([]bool, len(old)),
		listed: map[digest.Digest]int{}, alike: map[rootKind]int{}, named: map[rootName]int{},
		places: map[image.Reference][]int{}, bare: map[digest.Digest][]int{},
	}
	for i := range m.roots {
		m.note(i)
	}
	return m
}

// list returns the roots that are not gone.
func (m *merging) list() []image.Root {
	var roots []image.Root
	for i, r := range m.roots {
		if !m.gone[i] {
			roots = append(roots, r)
		}
	}
	return roots
}

// note counts the root at a place.
func (m *merging) note(i int) {
	r := m.roots[i]
	m.listed[r.Digest]++
	m.alike[kindOf(r)]++
	m.named[nameOf(r)]++
	if r.Name != "" {
		m.places[r.Name] = insert(m.places[r.Name], i)
	}
	if isBare(r) {
		m.bare[r.Digest] = insert(m.bare[r.Digest], i)
	}
}

// forget is the contrary of note.
func (m *merging) forget(i int) {
	r := m.roots[i]
	m.listed[r.Digest]--
	m.alike[kindOf(r)]--
	m.named[nameOf(r)]--
	if r.Name != "" {
		m.places[r.Name] = remove(m.places[r.Name], i)
	}
	if isBare(r) {
		m.bare[r.Digest] = remove(m.bare[r.Digest], i)
	}
}

func insert(places []int, i int) []int {
	at, _ := slices.BinarySearch(places, i)
	return slices.Insert(places, at, i)
}

func remove(places []int, i int) []int {
	at, ok := slices.BinarySearch(places, i)
	switch {
	case !ok:
		return places
	case at == 0:
		return places[1:]
	}
	return slices.Delete(places, at, at+1)
}

// replace puts another root at a place.
func (m *merging) replace(i int, r image.Root) {
	m.forget(i)
	m.roots[i] = r
	m.note(i)
}

// add adds a root, unless the list has it: it names the same blob in the same way, or r does not name it.
func (m *merging) add(r image.Root) {
	if m.named[nameOf(r)] > 0 || isBare(r) && m.alike[kindOf(r)] > 0 {
		return
	}
	if r.Name != "" {
		m.dropName(r)
	}
	bare := m.bare[r.Digest]
	switch {
	case len(bare) == 0:
		m.roots, m.gone = append(m.roots, r), append(m.gone, false)
		m.note(len(m.roots) - 1)
	case !isBare(r):
		m.replace(bare[0], r)
	}
}

// dropName takes r's name from the roots that have it. The last root of another blob stays, without a name.
func (m *merging) dropName(r image.Root) {
	for _, i := range slices.Clone(m.places[r.Name]) {
		o := m.roots[i]
		if o.Digest != r.Digest && m.listed[o.Digest] == 1 {
			m.replace(i, o.Named(""))
			continue
		}
		m.forget(i)
		m.gone[i] = true
	}
}
