package tarball

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// maxUnknown is the size up to which a blob of a media type that says nothing is looked at for being a manifest.
const maxUnknown = 1 << 20

// keptBlobs is what the writer remembers of the blobs it has written: the sizes of all, the bytes of those documents
// that say which images they form. It is the source that a finished archive is listed from.
type keptBlobs struct {
	sizes     map[digest.Digest]int64
	documents map[digest.Digest][]byte
}

func newKeptBlobs() keptBlobs {
	return keptBlobs{sizes: map[digest.Digest]int64{}, documents: map[digest.Digest][]byte{}}
}

// worthKeeping reports whether a blob may be a document that says how images are formed.
func worthKeeping(d image.Descriptor) bool {
	switch {
	case image.IsIndex(d.MediaType), image.IsManifest(d.MediaType), image.IsConfig(d.MediaType):
		return d.Size <= image.MaxDocument
	}
	return !image.IsLayer(d.MediaType) && d.Size <= maxUnknown
}

// keep remembers a document, if it is one.
func (k *keptBlobs) keep(d image.Descriptor, raw []byte) {
	known := image.IsIndex(d.MediaType) || image.IsManifest(d.MediaType) || image.IsConfig(d.MediaType)
	if known || bytes.Contains(raw, []byte(`"schemaVersion"`)) || bytes.Contains(raw, []byte(`"rootfs"`)) {
		k.documents[d.Digest] = raw
	}
}

// Roots returns nothing: the roots come with Commit.
func (k *keptBlobs) Roots(context.Context) ([]image.Root, error) { return nil, nil }

// Has reports whether the blob was written.
func (k *keptBlobs) Has(_ context.Context, d image.Descriptor) (bool, error) {
	_, ok := k.sizes[d.Digest]
	return ok, nil
}

// Open returns a document.
func (k *keptBlobs) Open(_ context.Context, d image.Descriptor) (*image.Blob, error) {
	raw, ok := k.documents[d.Digest]
	if !ok {
		return nil, image.Missingf("open blob %s: not kept", d.Digest)
	}
	return image.NewBlob(bytes.NewReader(raw), int64(len(raw)), nil), nil
}

// readAll reads a small blob and checks it.
func readAll(r io.Reader, d image.Descriptor) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, d.Size+1))
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", d.Digest, err)
	}
	v := image.NewVerifier(d)
	if _, err := v.Write(raw); err != nil {
		return nil, err
	}
	return raw, v.Verify()
}
