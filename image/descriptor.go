package image

import (
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Descriptor names a blob: media type, digest, size in bytes, and what else its parent says of it
// (OCI image-spec, descriptor.md).
type Descriptor = ocispec.Descriptor

// Platform is an operating system and CPU that an image is made for.
type Platform = ocispec.Platform

// Docker's media types, which name the same documents as the OCI ones (distribution, image manifest V2 schema 2).
const (
	MediaTypeDockerManifest     = "application/vnd.docker.distribution.manifest.v2+json"
	MediaTypeDockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
	MediaTypeDockerConfig       = "application/vnd.docker.container.image.v1+json"
	MediaTypeDockerLayer        = "application/vnd.docker.image.rootfs.diff.tar"
	MediaTypeDockerLayerGzip    = "application/vnd.docker.image.rootfs.diff.tar.gzip"
	MediaTypeDockerForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
)

// MediaTypeArtifactManifest is the artifact manifest of the OCI 1.1 release candidates; old layouts hold some.
const MediaTypeArtifactManifest = "application/vnd.oci.artifact.manifest.v1+json"

// Annotations in which places keep the names of their roots.
const (
	AnnotationName    = "io.containerd.image.name"          // a whole reference
	AnnotationRefName = "org.opencontainers.image.ref.name" // a tag or a whole reference
)

// Annotations by which BuildKit ties an attestation to the manifest beside it.
const (
	AnnotationReferenceDigest = "vnd.docker.reference.digest"
	AnnotationReferenceType   = "vnd.docker.reference.type"
)

// IsIndex reports whether a media type is that of an OCI index or a Docker manifest list.
func IsIndex(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageIndex || mediaType == MediaTypeDockerManifestList
}

// IsManifest reports whether a media type is that of an OCI or Docker image manifest.
func IsManifest(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageManifest || mediaType == MediaTypeDockerManifest
}

// IsConfig reports whether a media type is that of an image config.
func IsConfig(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageConfig || mediaType == MediaTypeDockerConfig
}

// IsLayer reports whether a media type is that of a layer's tar, compressed or not.
func IsLayer(mediaType string) bool {
	return strings.HasPrefix(mediaType, ocispec.MediaTypeImageLayer) ||
		strings.HasPrefix(mediaType, "application/vnd.oci.image.layer.nondistributable.v1.tar") ||
		strings.HasPrefix(mediaType, MediaTypeDockerLayer) ||
		strings.HasPrefix(mediaType, "application/vnd.docker.image.rootfs.foreign.diff.tar")
}

// ValidDigest returns nil if d may be used to name a blob: sha256, sha384 or sha512 with lower-case hex digits of the
// right number. Anything else is damage, whatever it would be as a path.
func ValidDigest(d digest.Digest) error {
	if err := d.Validate(); err != nil {
		return Damagef("digest %q: %w", string(d), err)
	}
	return nil
}

// ValidDescriptor returns nil if d's digest is valid and its size is not negative.
func ValidDescriptor(d Descriptor) error {
	if err := ValidDigest(d.Digest); err != nil {
		return err
	}
	if d.Size < 0 {
		return Damagef("descriptor %s: size %d", d.Digest, d.Size)
	}
	return nil
}

// SamePlatform reports whether two platforms are the same in every field that selects an image.
func SamePlatform(a, b Platform) bool {
	return a.OS == b.OS && a.Architecture == b.Architecture && a.Variant == b.Variant && a.OSVersion == b.OSVersion
}
