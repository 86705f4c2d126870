package tarball

import (
	"context"
	"encoding/json"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

// openDir opens what skopeo calls dir: a registry's manifest in manifest.json, its blobs beside it in files named by
// their hex digits.
func (o *opener) openDir(raw []byte) error {
	var doc struct {
		SchemaVersion int               `json:"schemaVersion"`
		MediaType     string            `json:"mediaType"`
		Manifests     []json.RawMessage `json:"manifests"`
	}
	if err := image.Decode(raw, &doc); err != nil {
		return fmt.Errorf("parse %s: %w", nameManifest, err)
	}
	switch {
	case doc.SchemaVersion == 0:
		return image.Damagef("%s is neither a list of images nor a manifest", nameManifest)
	case doc.SchemaVersion == 1:
		return image.NotFoundf("no image in it but one of schema 1, which is not read")
	case doc.MediaType == "" && doc.Manifests != nil:
		doc.MediaType = ocispec.MediaTypeImageIndex
	case doc.MediaType == "":
		doc.MediaType = mediaTypeManifest
	}
	o.archive.generation, o.archive.base = Dir, dirBlobs{o.tree}
	d, err := o.make(doc.MediaType, raw)
	if err != nil {
		return err
	}
	return o.addRoots(d, nil)
}

// dirBlobs are the blobs of a skopeo directory.
type dirBlobs struct{ tree tree }

// Roots returns nothing: the manifest is no blob of the directory.
func (b dirBlobs) Roots(context.Context) ([]image.Root, error) { return nil, nil }

// Has implements [image.Source].
func (b dirBlobs) Has(_ context.Context, d image.Descriptor) (bool, error) {
	name, err := b.find(d)
	return name != "", err
}

// Open implements [image.Source].
func (b dirBlobs) Open(_ context.Context, d image.Descriptor) (*image.Blob, error) {
	name, err := b.find(d)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, fmt.Errorf("open blob %s: %w", d.Digest, image.ErrMissing)
	}
	return b.tree.open(name)
}

// find returns the name of the member with a blob, or "".
func (b dirBlobs) find(d image.Descriptor) (string, error) {
	if err := image.ValidDigest(d.Digest); err != nil {
		return "", err
	}
	hex := d.Digest.Encoded()
	for _, name := range []string{
		hex,
		hex + ".manifest.json",                   // of an index
		string(d.Digest.Algorithm()) + "-" + hex, // of other algorithms than sha256
		hex + ".tar",                             // skopeo before 2018
	} {
		if ok, err := b.tree.exists(name); ok || err != nil {
			return name, err
		}
	}
	return "", nil
}
