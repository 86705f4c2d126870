package layer

import (
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
)

// Checks returns the check of every layer of a graph's images, in the form that [image.CopyOptions] wants it. Blobs that
// are no layers are not checked.
func Checks(g *image.Graph, limits compression.Limits) (func(image.Descriptor) io.WriteCloser, error) {
	layers, err := g.Layers()
	if err != nil {
		return nil, err
	}
	byBlob := make(map[digest.Digest]image.Layer, len(layers))
	for _, l := range layers {
		byBlob[l.Digest] = l
	}
	return func(d image.Descriptor) io.WriteCloser {
		l, ok := byBlob[d.Digest]
		if !ok {
			return nil
		}
		return Check(l, limits)
	}, nil
}
