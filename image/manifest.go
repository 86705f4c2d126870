package image

import (
	"context"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Kind says what the document of a descriptor is.
type Kind int

// The kinds of documents that form a graph.
const (
	KindIndex    Kind = iota + 1 // an OCI index or a Docker manifest list
	KindImage                    // a manifest with an image config, all of whose layers are tars
	KindArtifact                 // any other manifest: signatures, attestations, charts; its blobs are carried untouched
	KindOpaque                   // anything else: carried as one blob
)

// Manifest is an image or artifact manifest with the bytes it was read from (OCI image-spec, manifest.md).
type Manifest struct {
	Raw []byte // as read; its digest is the manifest's

	MediaType    string
	ArtifactType string
	Config       Descriptor
	Layers       []Descriptor
	Blobs        []Descriptor // of an artifact manifest of the OCI 1.1 release candidates
	Subject      *Descriptor
	Annotations  map[string]string
}

// Index is an image index or manifest list with the bytes it was read from (OCI image-spec, image-index.md).
type Index struct {
	Raw []byte

	MediaType    string
	ArtifactType string
	Manifests    []Descriptor
	Subject      *Descriptor
	Annotations  map[string]string
}

// document has the fields of every kind, so that one that claims to be two kinds is found out.
type document struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        *Descriptor       `json:"config"`
	Layers        []Descriptor      `json:"layers"`
	Blobs         []Descriptor      `json:"blobs"`
	Manifests     []Descriptor      `json:"manifests"`
	FSLayers      []any             `json:"fsLayers"`
	Subject       *Descriptor       `json:"subject"`
	Annotations   map[string]string `json:"annotations"`
}

// parseDocument tells what the document raw is that d describes. Exactly one of the results is set, or neither for
// [KindOpaque]. A document that says it is two things, or another thing than its descriptor says, is damage. That one of
// them uses Docker's media type and the other OCI's is not: both mean the same, and builders of layouts mix them.
func parseDocument(d Descriptor, raw []byte) (*Index, *Manifest, error) {
	var doc document
	if err := Decode(raw, &doc); err != nil {
		return nil, nil, fmt.Errorf("parse %s: %w", d.Digest, err)
	}
	isIndex := doc.Manifests != nil || IsIndex(doc.MediaType)
	isManifest := doc.Config != nil || doc.Layers != nil || doc.Blobs != nil || IsManifest(doc.MediaType)
	switch {
	case isIndex && isManifest:
		return nil, nil, Damagef("parse %s: ambiguous document: manifest and index at once", d.Digest)
	case IsIndex(d.MediaType) && isManifest, IsManifest(d.MediaType) && isIndex:
		return nil, nil, Damagef("parse %s: ambiguous document: described as %s, but it is not", d.Digest, d.MediaType)
	case doc.SchemaVersion == 1 && doc.FSLayers != nil:
		return nil, nil, nil
	case isIndex, IsIndex(d.MediaType):
		x := &Index{
			Raw: raw, MediaType: first(doc.MediaType, d.MediaType), ArtifactType: doc.ArtifactType,
			Manifests: doc.Manifests, Subject: doc.Subject, Annotations: doc.Annotations,
		}
		return x, nil, validAll(d, x.Manifests)
	case isManifest, IsManifest(d.MediaType):
		m := &Manifest{
			Raw: raw, MediaType: first(doc.MediaType, d.MediaType), ArtifactType: doc.ArtifactType,
			Layers: doc.Layers, Blobs: doc.Blobs, Subject: doc.Subject, Annotations: doc.Annotations,
		}
		if doc.Config != nil {
			m.Config = *doc.Config
		}
		return nil, m, validAll(d, m.References())
	}
	return nil, nil, nil
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func validAll(d Descriptor, children []Descriptor) error {
	for _, c := range children {
		err := ValidDescriptor(c)
		if err == nil {
			err = validData(c)
		}
		if err != nil {
			return fmt.Errorf("parse %s: %w", d.Digest, err)
		}
	}
	return nil
}

// validData returns nil if the bytes that a descriptor holds itself, for readers that will not look for the blob, are the
// blob's.
func validData(d Descriptor) error {
	if d.Data != nil && (int64(len(d.Data)) != d.Size || d.Digest.Algorithm().FromBytes(d.Data) != d.Digest) {
		return Damagef("descriptor %s: its data are other bytes", d.Digest)
	}
	return nil
}

// References returns the blobs that the manifest needs: config, layers, blobs, in this order.
func (m *Manifest) References() []Descriptor {
	var all []Descriptor
	if m.Config.Digest != "" {
		all = append(all, m.Config)
	}
	return append(append(all, m.Layers...), m.Blobs...)
}

// IsImage reports whether the manifest is that of an image with a root file system: it has an image config, and all of
// its layers are tars.
func (m *Manifest) IsImage() bool {
	if !IsConfig(m.Config.MediaType) {
		return false
	}
	for _, l := range m.Layers {
		if !IsLayer(l.MediaType) {
			return false
		}
	}
	return true
}

// ReadIndex reads and checks the index that d names.
func ReadIndex(ctx context.Context, src Source, d Descriptor) (*Index, error) {
	raw, err := ReadDocument(ctx, src, d)
	if err != nil {
		return nil, err
	}
	x, _, err := parseDocument(d, raw)
	if err == nil && x == nil {
		err = Damagef("parse %s: not an index", d.Digest)
	}
	return x, err
}

// ReadManifest reads and checks the manifest that d names.
func ReadManifest(ctx context.Context, src Source, d Descriptor) (*Manifest, error) {
	raw, err := ReadDocument(ctx, src, d)
	if err != nil {
		return nil, err
	}
	_, m, err := parseDocument(d, raw)
	if err == nil && m == nil {
		err = Damagef("parse %s: not a manifest", d.Digest)
	}
	return m, err
}

// NewManifest returns the manifest that is made for an image that came without one: a fixed function of its config and
// layers. Its members are schemaVersion, mediaType, config and layers, in this order, as compact JSON.
func NewManifest(config Descriptor, layers []Descriptor) (raw []byte, err error) {
	return Encode(struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Config        Descriptor   `json:"config"`
		Layers        []Descriptor `json:"layers"`
	}{2, ocispec.MediaTypeImageManifest, config, append([]Descriptor{}, layers...)})
}
