package interop

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// view is what one program holds under one name. All of it must survive an exchange, as far as the program keeps it.
type view struct {
	// Root is the digest of what the name points at: an index or a manifest.
	Root digest.Digest
	// ID is the digest of the config; of an index, of the image for amd64, else of the first that is here. DiffIDs and
	// Layers are this image's.
	ID              digest.Digest
	DiffIDs, Layers []digest.Digest
	// Others are the digests of the configs of the other images of an index that are here, sorted.
	Others []digest.Digest
}

// holdings is what a program, an archive or a directory holds, by normalised name. What has no name is under "".
type holdings map[string]view

// blobs returns a blob by its digest; false means that it is not here.
type blobs func(digest.Digest) ([]byte, bool)

// document is an index or a manifest: it has the fields of one of them.
type document struct {
	Manifests []ocispec.Descriptor `json:"manifests"`
	Config    *ocispec.Descriptor  `json:"config"`
	Layers    []ocispec.Descriptor `json:"layers"`
}

// viewOf follows a root down to its configs. It compares every document with its digest.
func viewOf(get blobs, root digest.Digest) (view, error) {
	v := view{Root: root}
	doc, ok, err := parse[document](get, root)
	if err != nil || !ok {
		return v, fmt.Errorf("open root %s: here: %t: %w", root, ok, err)
	}
	manifests := []ocispec.Descriptor{{Digest: root}}
	if doc.Config == nil {
		manifests = doc.Manifests
	}
	for _, d := range manifests {
		if err := v.add(get, d.Digest); err != nil {
			return v, err
		}
	}
	slices.Sort(v.Others)
	return v, nil
}

// add adds an image to the view, if it is one and is here.
func (v *view) add(get blobs, manifest digest.Digest) error {
	doc, ok, err := parse[document](get, manifest)
	if err != nil || !ok || doc.Config == nil {
		return err
	}
	config, ok, err := parse[ocispec.Image](get, doc.Config.Digest)
	if err != nil || !ok || config.OS == "" || config.OS == "unknown" {
		return err
	}
	if v.ID != "" && config.Architecture != "amd64" {
		v.Others = append(v.Others, doc.Config.Digest)
		return nil
	}
	if v.ID != "" {
		v.Others = append(v.Others, v.ID)
	}
	v.ID, v.DiffIDs, v.Layers = doc.Config.Digest, config.RootFS.DiffIDs, nil
	for _, layer := range doc.Layers {
		v.Layers = append(v.Layers, layer.Digest)
	}
	return nil
}

// parse decodes a blob that must have its digest.
func parse[T any](get blobs, want digest.Digest) (v T, here bool, err error) {
	if err := want.Validate(); err != nil {
		return v, false, err
	}
	raw, ok := get(want)
	if !ok {
		return v, false, nil
	}
	if got := digest.FromBytes(raw); got != want {
		return v, true, fmt.Errorf("blob %s has digest %s", want, got)
	}
	return v, true, json.Unmarshal(raw, &v)
}

// normal returns a name in docker's normalised form. A tag alone stays as it is, behind a colon.
func normal(name string) string {
	if name == "" || name[0] == ':' {
		return name
	}
	named, err := reference.ParseDockerRef(name)
	if err != nil {
		return name
	}
	return named.String()
}

// only returns the view with what a program keeps under a form.
func (v view) only(k keeps) view {
	if !k.root {
		v.Root = ""
	}
	if !k.layers {
		v.Layers = nil
	}
	if !k.others {
		v.Others = nil
	}
	return v
}

// keeps says what a program keeps of an image, beside names, and the diff IDs and the ID of its own platform's image.
type keeps struct {
	root   bool // the digest of the manifest or index
	layers bool // the digests of the layers' blobs
	others bool // the images for other platforms
}

// everything is what a program keeps that stores blobs as they are.
var everything = keeps{root: true, layers: true, others: true}
