package convert

import (
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

// pairs are the media types that mean the same, OCI's first.
var pairs = [][2]string{
	{ocispec.MediaTypeImageIndex, image.MediaTypeDockerManifestList},
	{ocispec.MediaTypeImageManifest, image.MediaTypeDockerManifest},
	{ocispec.MediaTypeImageConfig, image.MediaTypeDockerConfig},
	{ocispec.MediaTypeImageLayer, image.MediaTypeDockerLayer},
	{ocispec.MediaTypeImageLayerGzip, image.MediaTypeDockerLayerGzip},
	{nondistributable + "gzip", image.MediaTypeDockerForeignLayer},
}

const nondistributable = "application/vnd.oci.image.layer.nondistributable.v1.tar+"

// translate returns the media type of a family that means the same; one that has no counterpart is kept.
func translate(mediaType string, to MediaTypes) string {
	if to == KeepMediaTypes {
		return mediaType
	}
	if mediaType == image.MediaTypeDockerLayer+".zstd" && to == OCI { // some tools invented it
		return ocispec.MediaTypeImageLayerZstd
	}
	for _, p := range pairs {
		if slices.Contains(p[:], mediaType) {
			return p[to-OCI]
		}
	}
	return mediaType
}

// describesBytes reports whether an annotation of a layer describes its compressed bytes, such as where the table of
// contents of a lazily pulled layer stands; with other bytes it would be a lie.
func describesBytes(key string) bool {
	return strings.HasPrefix(key, "containerd.io/snapshot/stargz/") ||
		strings.HasPrefix(key, "io.github.containers.zstd-chunked.") ||
		strings.HasPrefix(key, "io.containers.zstd-chunked.")
}

// setFamily gives a document the media type of a family and reports whether that is another one. OCI allows a
// document without a media type; then its descriptor's is meant, and it is only written down if it changes.
func setFamily(doc *image.Object, mediaType string, to MediaTypes) (changed bool, err error) {
	want := translate(mediaType, to)
	if want == mediaType {
		return false, nil
	}
	return true, doc.Set("mediaType", want)
}

// setMediaType is setFamily for an index, whose images may turn out to be of the other family: an index that lists OCI
// manifests as well as Docker's is allowed in both.
func (c *converter) setMediaType(doc *image.Object, mediaType string) (changed bool, err error) {
	return setFamily(doc, mediaType, c.opts.MediaTypes)
}
