package tarball

import (
	"strings"

	"github.com/imgtool/imgtool/image"
)

// maxOverlayLayers is how many layers docker's overlay2 store can stack.
const maxOverlayLayers = 125

// savedImage is an image that stands in manifest.json.
type savedImage struct {
	node  *image.Node
	named []image.Root // whose names it has, each with a tag
}

// tags returns the names of the image, nil if there are none. A digest that is part of a name is left out: docker
// refuses it.
func (im *savedImage) tags() []string {
	var tags []string
	for _, r := range im.named {
		tag := r.Written()
		if r.Name.Digest() != "" {
			tag = r.Name.Repository() + ":" + r.Name.Tag()
		}
		tags = append(tags, tag)
	}
	return tags
}

// wholeImages returns every image all of whose blobs are here, each once, in the order of the roots. Layers to be
// fetched from elsewhere are not here: those who read manifest.json know of no such thing.
func wholeImages(g *image.Graph) []*savedImage {
	var images []*savedImage
	for _, n := range g.All() {
		if isWhole(n) {
			images = append(images, &savedImage{node: n})
		}
	}
	return images
}

func isWhole(n *image.Node) bool {
	return n.Kind == image.KindImage && n.Err == nil && n.Config != nil && len(n.Absent) == 0
}

// savedImages returns the images that are here with their names. A name belongs to one image: of several under one root,
// or under several roots of that name, it is the one for host, else the first.
func savedImages(g *image.Graph, host image.Platform) []*savedImage {
	images := wholeImages(g)
	byNode := make(map[*image.Node]*savedImage, len(images))
	for _, im := range images {
		byNode[im.node] = im
	}
	tops := map[image.Reference][]*image.Node{}
	for i, r := range g.Roots {
		tops[r.Name] = append(tops[r.Name], g.Tops[i])
	}
	named := map[string]bool{}
	for _, r := range g.Roots {
		tag := r.Name.Tag()
		if tag == "" {
			continue
		}
		key := r.Name.Repository() + ":" + tag
		if named[key] {
			continue
		}
		named[key] = true
		if im := byNode[bearer(tops[r.Name], host)]; im != nil {
			im.named = append(im.named, r)
		}
	}
	return images
}

// bearer returns the image that has the name of some roots, or nil.
func bearer(tops []*image.Node, host image.Platform) *image.Node {
	var first *image.Node
	for _, top := range tops {
		for _, n := range image.Images(top) {
			if !isWhole(n) {
				continue
			}
			if p, ok := n.Platform(); ok && image.Fits(p, host) {
				return n
			}
			if first == nil {
				first = n
			}
		}
	}
	return first
}

// warnOfForeign tells of images that stand in index.json alone, because some of their layers are to be fetched from
// elsewhere.
func warnOfForeign(g *image.Graph, opts WriterOptions) {
	foreign := 0
	for _, n := range g.All() {
		if n.Kind == image.KindImage && n.Whole() && !isWhole(n) {
			foreign++
		}
	}
	if foreign > 0 {
		opts.warn("%d images have layers that are to be fetched from elsewhere: docker before 25 cannot load them", foreign)
	}
}

// warnOfLayers tells of images that a common reader cannot take.
func warnOfLayers(images []*savedImage, opts WriterOptions) {
	most, zstd := 0, false
	for _, im := range images {
		most = max(most, len(im.node.Manifest.Layers))
		for _, l := range im.node.Manifest.Layers {
			zstd = zstd || strings.HasSuffix(l.MediaType, "zstd")
		}
	}
	if zstd && opts.Format == FormatDocker {
		opts.warn("layers are compressed with zstd: docker 20.10 and crane cannot load them")
	}
	if most > maxOverlayLayers {
		opts.warn("an image has %d layers: docker's overlay2 store takes at most %d", most, maxOverlayLayers)
	}
}

// isPlainType reports whether a layer's media type says that it is not compressed.
func isPlainType(mediaType string) bool { return strings.HasSuffix(mediaType, "tar") }
