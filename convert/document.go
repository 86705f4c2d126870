package convert

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

// node converts a document and what is below it, and notes the outcome in c.done.
func (c *converter) node(ctx context.Context, n *image.Node) error {
	old := n.Descriptor
	if _, ok := c.done[old.Digest]; ok {
		return nil
	}
	c.done[old.Digest] = old
	var raw []byte
	var err error
	usable := !n.Missing && n.Err == nil && !c.gone[old.Digest]
	switch {
	case usable && n.Kind == image.KindIndex:
		raw, err = c.index(ctx, n)
	case usable && n.Kind == image.KindImage:
		raw, err = c.manifest(n)
	}
	if err != nil || raw == nil {
		return err
	}
	d, err := c.scratch.Write(ctx, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	d.MediaType = mediaTypeOf(raw, old.MediaType)
	c.done[old.Digest] = d
	if d.Digest != old.Digest {
		c.changes = append(c.changes, Change{old.Digest, d.Digest})
	}
	return nil
}

func mediaTypeOf(raw []byte, fallback string) string {
	var doc struct {
		MediaType string `json:"mediaType"`
	}
	_ = json.Unmarshal(raw, &doc) // it was written by us
	return cmp.Or(doc.MediaType, fallback)
}

// index returns the new bytes of an index, or nil if nothing in it changes.
func (c *converter) index(ctx context.Context, n *image.Node) ([]byte, error) {
	for _, child := range n.Children {
		if err := c.node(ctx, child); err != nil {
			return nil, err
		}
	}
	doc, err := image.ParseObject(n.Index.Raw)
	if err != nil {
		return nil, err
	}
	entries, err := objects(doc.Value("manifests"))
	if err != nil {
		return nil, err
	}
	changed, err := c.setMediaType(doc, n.Index.MediaType)
	if err != nil {
		return nil, err
	}
	kept := []json.RawMessage{}
	for i, entry := range entries {
		if i >= len(n.Children) || !c.keeps(n.Children[i]) || c.orphan(n.Index.Manifests[i]) {
			changed = true
			continue
		}
		raw := entry
		if d := c.done[n.Index.Manifests[i].Digest]; d.Digest != n.Index.Manifests[i].Digest {
			changed = true
			if raw, err = redescribe(entry, d, nil); err != nil {
				return nil, err
			}
		}
		kept = append(kept, raw)
	}
	if !changed {
		return nil, nil
	}
	if err := doc.Set("manifests", kept); err != nil {
		return nil, err
	}
	return doc.Bytes(), nil
}

// keeps reports whether the child of an index is wanted: any, a manifest of a wanted platform, or an index that has one.
func (c *converter) keeps(n *image.Node) bool {
	if c.keep == nil {
		return true
	}
	for _, b := range image.Below(n) {
		if c.keep[b.Descriptor.Digest] {
			return true
		}
	}
	return false
}

// orphan reports whether a manifest in an index is an attestation of another one that changes.
func (c *converter) orphan(d image.Descriptor) bool {
	of := digest.Digest(d.Annotations[image.AnnotationReferenceDigest])
	if of == "" || !c.changed(of) {
		return false
	}
	c.warn("attestation %s belongs to %s, which changes: left out", d.Digest, of)
	return true
}

// manifest returns the new bytes of an image manifest, or nil if nothing in it changes.
func (c *converter) manifest(n *image.Node) ([]byte, error) {
	m := n.Manifest
	doc, err := image.ParseObject(m.Raw)
	if err != nil {
		return nil, err
	}
	family := c.family(n)
	changed, err := setFamily(doc, m.MediaType, family)
	if err != nil {
		return nil, err
	}
	config := m.Config
	config.MediaType = translate(config.MediaType, family)
	if config.MediaType != m.Config.MediaType {
		changed = true
		raw, err := redescribe(doc.Value("config"), config, nil)
		if err != nil {
			return nil, err
		}
		if err := doc.Set("config", raw); err != nil {
			return nil, err
		}
	}
	entries, err := objects(doc.Value("layers"))
	if err != nil {
		return nil, err
	}
	for i, old := range m.Layers {
		d, recompressed := c.layers[old.Digest]
		if !recompressed {
			d = old
		}
		d.MediaType = translate(d.MediaType, family)
		if d.Digest == old.Digest && d.MediaType == old.MediaType {
			continue
		}
		changed = true
		var stale func(string) bool
		if d.Digest != old.Digest {
			stale = describesBytes // and so do urls
		}
		if entries[i], err = redescribe(entries[i], d, stale); err != nil {
			return nil, err
		}
	}
	if !changed {
		return nil, nil
	}
	if err := doc.Set("layers", entries); err != nil {
		return nil, err
	}
	return doc.Bytes(), nil
}

// family returns the media types that an image is to have. Docker's cannot say zstd.
func (c *converter) family(n *image.Node) MediaTypes {
	docker := c.opts.MediaTypes == Docker || c.opts.MediaTypes == KeepMediaTypes && n.Manifest.MediaType == image.MediaTypeDockerManifest
	if !docker {
		return c.opts.MediaTypes
	}
	for _, old := range n.Manifest.Layers {
		d, ok := c.layers[old.Digest]
		if !ok {
			d = old
		}
		if d.MediaType == ocispec.MediaTypeImageLayerZstd {
			c.warn("manifest %s: Docker's media types have none for zstd layers: it becomes an OCI manifest", n.Descriptor.Digest)
			return OCI
		}
	}
	return c.opts.MediaTypes
}

func objects(raw json.RawMessage) ([]json.RawMessage, error) {
	var list []json.RawMessage
	if len(raw) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, image.Damagef("%w", err)
	}
	return list, nil
}

// redescribe returns a descriptor with another media type, digest and size, and all else as it was, but for the
// annotations that are stale, and where the old bytes can be had if there are such.
func redescribe(raw json.RawMessage, d image.Descriptor, stale func(key string) bool) (json.RawMessage, error) {
	doc, err := image.ParseObject(raw)
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		key   string
		value any
	}{{"mediaType", d.MediaType}, {"digest", d.Digest}, {"size", d.Size}} {
		if err := doc.Set(f.key, f.value); err != nil {
			return nil, err
		}
	}
	doc.Delete("data")
	if stale != nil {
		doc.Delete("urls")
	}
	if stale == nil || doc.Value("annotations") == nil {
		return doc.Bytes(), nil
	}
	annotations, err := image.ParseObject(doc.Value("annotations"))
	if err != nil {
		return nil, err
	}
	for _, key := range annotations.Keys() {
		if stale(key) {
			annotations.Delete(key)
		}
	}
	doc.Delete("annotations")
	if len(annotations.Keys()) > 0 {
		err = doc.Set("annotations", json.RawMessage(annotations.Bytes()))
	}
	return doc.Bytes(), err
}
