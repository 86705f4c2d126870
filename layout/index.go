package layout

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"reflect"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

const indexFile = ocispec.ImageIndexFile

// index is index.json: an object with members that are kept, and the roots that its member manifests lists.
type index struct {
	object *image.Object
	roots  []image.Root
	raws   []json.RawMessage // the roots' descriptors as they stand there
	fresh  bool              // there is no index.json yet
}

// newIndex is the index.json of a layout that has none.
func newIndex() (*index, error) {
	raw, err := image.Encode(struct {
		specs.Versioned

		MediaType string `json:"mediaType"`
	}{specs.Versioned{SchemaVersion: 2}, ocispec.MediaTypeImageIndex})
	if err != nil {
		return nil, err
	}
	object, err := image.ParseObject(raw)
	return &index{object: object, fresh: true}, err
}

// readIndex reads index.json. A list of manifests that is null or missing is empty.
func readIndex(fsys fs.FS) (*index, error) {
	raw, err := readDocument(fsys, indexFile)
	if err != nil {
		return nil, err
	}
	x, err := parseIndex(raw)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", indexFile, err)
	}
	return x, nil
}

func parseIndex(raw []byte) (*index, error) {
	var doc struct {
		MediaType string            `json:"mediaType"`
		Manifests []json.RawMessage `json:"manifests"`
		Config    json.RawMessage   `json:"config"`
		Layers    json.RawMessage   `json:"layers"`
	}
	if err := image.Decode(raw, &doc); err != nil {
		return nil, err
	}
	if doc.Config != nil || doc.Layers != nil || doc.MediaType != "" && !image.IsIndex(doc.MediaType) {
		return nil, image.Damagef("ambiguous document: not only an index")
	}
	object, err := image.ParseObject(raw)
	if err != nil {
		return nil, err
	}
	x := &index{object: object, raws: doc.Manifests}
	for i, raw := range doc.Manifests {
		var d image.Descriptor
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, image.Damagef("manifests[%d]: %w", i, err)
		}
		if err := image.ValidDescriptor(d); err != nil {
			return nil, fmt.Errorf("manifests[%d]: %w", i, err)
		}
		x.roots = append(x.roots, image.Root{Descriptor: d, Name: image.ReferenceOf(d.Annotations)})
	}
	return x, nil
}

// encode returns index.json with these roots, and uses x up. A root that was there before is written as it was.
func (x *index) encode(roots []image.Root) ([]byte, error) {
	if len(x.roots) > 0 && x.object.Value("manifests") == nil {
		return nil, image.Damagef("change %s: its key manifests is written otherwise", indexFile)
	}
	known := map[digest.Digest][]int{}
	for i, r := range x.roots {
		known[r.Digest] = append(known[r.Digest], i)
	}
	raws := make([]json.RawMessage, len(roots))
	for i, r := range roots {
		for _, k := range known[r.Digest] {
			if sameRoot(x.roots[k], r) {
				raws[i] = x.raws[k]
			}
		}
		if raws[i] != nil {
			continue
		}
		raw, err := image.Encode(r.Descriptor)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", r.Digest, err)
		}
		raws[i] = raw
	}
	err := x.object.Set("manifests", raws)
	return x.object.Bytes(), err
}

// same reports whether these are the roots that index.json has.
func (x *index) same(roots []image.Root) bool {
	if x.fresh || len(roots) != len(x.roots) {
		return false
	}
	for i, r := range roots {
		if !sameRoot(r, x.roots[i]) {
			return false
		}
	}
	return true
}

func sameRoot(a, b image.Root) bool { return reflect.DeepEqual(a.Descriptor, b.Descriptor) }
