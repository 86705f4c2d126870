package tarball

import (
	"slices"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

// namedDocument is a document at the top of an archive.
type namedDocument struct {
	name string
	raw  []byte
}

// listing returns what stands behind the blobs, in its order. The names of members are docker's (image/tarexport).
func listing(g *image.Graph, opts WriterOptions) ([]namedDocument, error) {
	index, err := indexDocument(g, opts.Format)
	if err != nil {
		return nil, err
	}
	layout, err := image.Encode(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return nil, err
	}
	if opts.Format == FormatOCI {
		opts.warn("an OCI archive: docker without the containerd image store and crane cannot load it")
		warnOfLayers(wholeImages(g), opts)
		return []namedDocument{{"index.json", index}, {"oci-layout", layout}}, nil
	}
	images := savedImages(g, opts.Host)
	warnOfForeign(g, opts)
	warnOfLayers(images, opts)
	manifest, err := manifestDocument(images)
	if err != nil {
		return nil, err
	}
	documents := []namedDocument{{"index.json", index}, {"manifest.json", manifest}, {"oci-layout", layout}}
	repositories, err := repositoriesDocument(images, topLayer)
	if err == nil && repositories != nil {
		documents = append(documents, namedDocument{"repositories", repositories})
	}
	return documents, err
}

// indexDocument returns index.json: the roots as they are, but that each that has a name says so in its annotations.
func indexDocument(g *image.Graph, format Format) ([]byte, error) {
	x := ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []image.Descriptor{},
	}
	for i, r := range g.Roots {
		unnamed := r.Name != "" && image.ReferenceOf(r.Annotations) != r.Name
		if unnamed || format == FormatDocker && r.Name != "" && r.Annotations[image.AnnotationName] == "" {
			r = r.Named(r.Name) // containerd looks at no other annotation for a whole reference
		}
		if r.MediaType == "" {
			r.MediaType = mediaTypeOf(g.Tops[i])
		}
		x.Manifests = append(x.Manifests, r.Descriptor)
	}
	return image.Encode(x)
}

// mediaTypeOf returns the media type of a document whose descriptor does not say it, though it has to.
func mediaTypeOf(n *image.Node) string {
	switch {
	case n.Index != nil && n.Index.MediaType != "":
		return n.Index.MediaType
	case n.Index != nil:
		return ocispec.MediaTypeImageIndex
	case n.Manifest != nil && n.Manifest.MediaType != "":
		return n.Manifest.MediaType
	case n.Manifest != nil:
		return ocispec.MediaTypeImageManifest
	}
	return "application/octet-stream"
}

// manifestEntry is an image in manifest.json.
type manifestEntry struct {
	Config   string
	RepoTags []string // null without any, as docker writes it
	Layers   []string
}

func manifestDocument(images []*savedImage) ([]byte, error) {
	entries := make([]manifestEntry, 0, len(images))
	for _, im := range images {
		e := manifestEntry{Config: blobName(im.node.Manifest.Config.Digest), RepoTags: im.tags(), Layers: []string{}}
		for _, l := range im.node.Manifest.Layers {
			e.Layers = append(e.Layers, blobName(l.Digest))
		}
		entries = append(entries, e)
	}
	return encodeLine(entries)
}

// repositoriesDocument returns the file in which docker before 1.10 looks for names, or nil if there are none. What a
// tag points to is up to the form of the archive; an image for which it is empty is left out.
func repositoriesDocument(images []*savedImage, target func(*savedImage) string) ([]byte, error) {
	repositories := map[string]map[string]string{}
	for _, im := range images {
		id := target(im)
		for _, r := range im.named {
			repository := r.Name.Repository()
			if id == "" {
				continue
			}
			if repositories[repository] == nil {
				repositories[repository] = map[string]string{}
			}
			repositories[repository][r.Name.Tag()] = id
		}
	}
	if len(repositories) == 0 {
		return nil, nil
	}
	return encodeLine(repositories)
}

// topLayer is what docker from 25 has in repositories: the hex digits of the uppermost layer's digest.
func topLayer(im *savedImage) string {
	layers := im.node.Manifest.Layers
	if len(layers) == 0 {
		return ""
	}
	return layers[len(layers)-1].Digest.Encoded()
}

// encodeLine encodes as docker does, with a line feed behind.
func encodeLine(v any) ([]byte, error) {
	raw, err := image.Encode(v)
	return append(slices.Clip(raw), '\n'), err
}
