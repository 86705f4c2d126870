package tarball

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// WriteV1 writes the images of a graph that are here in the form of docker 20.10, member by member as it does: every
// docker can load it, also those before 1.10, which know no manifest.json. The layers of src have to be plain tars.
// What has no place in this form (artifacts, indexes, images that are not whole) is left out with a warning.
//
// Members have the time at which their image was created, or 1970 if its config does not say, unless opts has one.
func WriteV1(ctx context.Context, w io.Writer, src image.Source, g *image.Graph, opts WriterOptions) error {
	v := &v1Writer{
		ctx: ctx, src: src, opts: opts, entries: newEntryWriter(w, true),
		tops: map[*savedImage]string{}, written: map[string]bool{}, layers: map[digest.Digest]string{},
	}
	images := savedImages(g, opts.Host)
	if len(images) == 0 {
		return image.NotFoundf("write docker-v1 archive: no image")
	}
	v.warnOfLosses(g)
	warnOfLayers(images, opts)
	for _, im := range images {
		if err := v.add(im); err != nil {
			return fmt.Errorf("image %s: %w", im.node.Manifest.Config.Digest, err)
		}
	}
	return v.write(images)
}

// v1Writer plans all members before it writes them, because docker sorts them.
type v1Writer struct {
	ctx     context.Context //nolint:containedctx // a v1Writer lives as long as one call of WriteV1
	src     image.Source
	opts    WriterOptions
	entries entryWriter

	members  []v1Member
	manifest []manifestEntry
	tops     map[*savedImage]string   // the ID of the uppermost layer
	written  map[string]bool          // names of members
	layers   map[digest.Digest]string // the ID under which a layer's tar stands
}

// v1Member is a file or directory at the top of the archive.
type v1Member struct {
	name  string
	write func() error
}

// add plans the members of an image.
func (v *v1Writer) add(im *savedImage) error {
	if err := checkPlain(im.node); err != nil {
		return err
	}
	chain, err := v1Chain(im.node)
	if err != nil {
		return err
	}
	config := im.node.Config
	t := v.time(config.Created)
	e := manifestEntry{Config: im.node.Manifest.Config.Digest.Encoded() + ".json", RepoTags: im.tags(), Layers: []string{}}
	for _, l := range chain {
		if len(im.node.Manifest.Layers) > 0 {
			e.Layers = append(e.Layers, l.id+"/layer.tar")
		}
		v.tops[im] = l.id
		if !v.written[l.id] {
			v.addLayer(l, t)
		}
	}
	if !v.written[e.Config] {
		v.member(e.Config, func() error { return v.entries.file(e.Config, config.Raw, t) })
	}
	v.manifest = append(v.manifest, e)
	return nil
}

func (v *v1Writer) member(name string, write func() error) {
	v.written[name] = true
	v.members = append(v.members, v1Member{name, write})
}

func (v *v1Writer) addLayer(l v1Layer, t time.Time) {
	other, again := v.layers[l.layer.Digest]
	if !again {
		v.layers[l.layer.Digest] = l.id
	}
	v.member(l.id, func() error {
		dir := l.id + "/"
		if err := v.entries.dir(dir, t); err != nil {
			return err
		}
		if err := v.entries.file(dir+"VERSION", []byte("1.0"), t); err != nil {
			return err
		}
		if err := v.entries.file(dir+"json", l.json, t); err != nil {
			return err
		}
		if again {
			return v.entries.symlink(dir+"layer.tar", "../"+other+"/layer.tar", t)
		}
		return v.copyLayer(dir+"layer.tar", l.layer, t)
	})
}

func (v *v1Writer) copyLayer(name string, d image.Descriptor, t time.Time) error {
	if d.Digest == emptyTar.Digest {
		return v.entries.file(name, make([]byte, emptyTar.Size), t)
	}
	blob, err := v.src.Open(v.ctx, d)
	if err != nil {
		return err
	}
	defer blob.Close()
	return v.entries.blob(v.ctx, name, d, blob.Reader(), t)
}

func (v *v1Writer) write(images []*savedImage) error {
	slices.SortFunc(v.members, func(a, b v1Member) int { return cmp.Compare(a.name, b.name) })
	for _, m := range v.members {
		if err := m.write(); err != nil {
			return err
		}
	}
	manifest, err := encodeLine(v.manifest)
	if err != nil {
		return err
	}
	if err := v.entries.file("manifest.json", manifest, v.time(nil)); err != nil {
		return err
	}
	repositories, err := repositoriesDocument(images, func(im *savedImage) string { return v.tops[im] })
	if err != nil {
		return err
	}
	if repositories == nil { // docker 20.10 leaves it out, but to readers of the old form it is what tells the form
		repositories = []byte("{}\n")
	}
	if err := v.entries.file("repositories", repositories, v.time(nil)); err != nil {
		return err
	}
	return v.entries.close()
}

func (v *v1Writer) time(created *time.Time) time.Time {
	switch {
	case !v.opts.ModTime.IsZero():
		return v.opts.ModTime
	case created != nil:
		return *created
	}
	return time.Unix(0, 0)
}

// warnOfLosses tells how much of the graph this form cannot hold.
func (v *v1Writer) warnOfLosses(g *image.Graph) {
	artifacts, partial := 0, 0
	for _, n := range g.All() {
		switch {
		case n.Kind == image.KindArtifact || n.Kind == image.KindOpaque:
			artifacts++
		case n.Kind != image.KindIndex && !isWhole(n):
			partial++
		}
	}
	if artifacts > 0 {
		v.opts.warn("%d artifacts (signatures, attestations and the like) are left out: docker-v1 has no place for them", artifacts)
	}
	if partial > 0 {
		v.opts.warn("%d images are left out, because not all of their blobs are here", partial)
	}
}

// checkPlain returns an error unless the layers of an image are plain tars, which is when their digests are diff IDs.
func checkPlain(n *image.Node) error {
	for i, l := range n.Manifest.Layers {
		plain := isPlainType(l.MediaType)
		if n.Config.HasDiffIDs && n.Config.DiffIDs[i].Algorithm() == l.Digest.Algorithm() {
			plain = n.Config.DiffIDs[i] == l.Digest
		}
		if !plain {
			return image.Damagef("layer %d, %s: not a plain tar", i+1, l.Digest)
		}
	}
	return nil
}
