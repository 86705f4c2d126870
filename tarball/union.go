package tarball

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
)

// union adds what manifest.json says to the roots of an OCI layout.
type union struct {
	*opener
	roots    []unionRoot
	byName   map[image.Reference][]int
	byConfig map[digest.Digest][]int
}

// unionRoot is a root with what is known of it.
type unionRoot struct {
	image.Root
	images []*image.Node // that it is or reaches
	config digest.Digest // of an image that manifest.json alone lists
	known  bool          // all documents below are here and sound
	direct bool          // it is an image itself
}

func (r *unionRoot) leadsTo(config digest.Digest) bool {
	return r.config == config || slices.ContainsFunc(r.images, func(n *image.Node) bool {
		return n.Manifest.Config.Digest == config
	})
}

// union merges manifest.json into the roots. An entry belongs to the roots that are or reach an image with its config
// and its layers, and gives them its names; an entry that belongs to none is a further image. Views that contradict
// each other are damage.
func (o *opener) union(ctx context.Context, manifest []byte) error {
	entries, err := parseManifest(manifest)
	if err != nil {
		return err
	}
	g, err := image.Walk(ctx, o.archive.base, o.archive.roots)
	if err != nil && !errors.Is(err, image.ErrDamaged) && !errors.Is(err, image.ErrMissing) {
		return err // damage is told to whoever walks from the roots that have it
	}
	u := &union{opener: o, byName: map[image.Reference][]int{}, byConfig: map[digest.Digest][]int{}}
	for i, r := range o.archive.roots {
		u.add(look(r, g.Tops[i]))
	}
	for i, e := range entries {
		if err := u.merge(ctx, e); err != nil {
			return fmt.Errorf("%s entry %d: %w", nameManifest, i, err)
		}
	}
	o.archive.roots = nil
	for _, r := range u.roots {
		o.archive.roots = append(o.archive.roots, r.Root)
	}
	return nil
}

// look returns what is known of a root of the layout.
func look(r image.Root, top *image.Node) unionRoot {
	known := true
	for _, n := range image.Below(top) {
		known = known && !n.Missing && n.Err == nil
	}
	return unionRoot{Root: r, images: image.Images(top), known: known, direct: top.Kind == image.KindImage}
}

func (u *union) add(r unionRoot) {
	i := len(u.roots)
	u.roots = append(u.roots, r)
	if r.Name != "" {
		u.byName[r.Name] = append(u.byName[r.Name], i)
	}
	for _, n := range r.images {
		config := n.Manifest.Config.Digest
		if at := u.byConfig[config]; len(at) == 0 || at[len(at)-1] != i {
			u.byConfig[config] = append(at, i)
		}
	}
}

// merge adds an entry of manifest.json.
func (u *union) merge(ctx context.Context, e entry) error {
	names, err := u.references(e.RepoTags)
	if err != nil {
		return err
	}
	config := u.config(e.Config)
	if config.err != nil && !errors.Is(config.err, image.ErrMissing) {
		return config.err
	}
	id := config.blob.Digest
	for _, name := range names {
		if err := u.agree(name, id); err != nil {
			return err
		}
	}
	if len(u.byConfig[id]) == 0 {
		return u.further(ctx, e, id, names)
	}
	at, err := u.fitting(ctx, e, id, config)
	if err != nil {
		return err
	}
	for _, name := range names {
		u.name(name, id, at)
	}
	return nil
}

// agree returns an error if a name that is known already leads to other images alone.
func (u *union) agree(name image.Reference, config digest.Digest) error {
	for _, i := range u.byName[name] {
		if r := &u.roots[i]; r.leadsTo(config) || !r.known && len(r.images) == 0 {
			return nil
		}
	}
	if len(u.byName[name]) > 0 {
		return image.Damagef("name %s leads to another image in %s", name.Familiar(), nameIndex)
	}
	return nil
}

// further adds an image that the layout does not list, if it is whole.
func (u *union) further(ctx context.Context, e entry, id digest.Digest, names []image.Reference) error {
	d, err := u.makeManifest(ctx, e)
	if errors.Is(err, image.ErrMissing) {
		u.warn("an image that only %s lists is ignored: %v", nameManifest, err)
		return nil
	}
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(n image.Reference) bool { return len(u.byName[n]) > 0 })
	before := len(u.archive.roots)
	if err := u.addRoots(d, names); err != nil {
		return err
	}
	for _, r := range u.archive.roots[before:] {
		u.add(unionRoot{Root: r, config: id, known: true, direct: true})
	}
	return nil
}

// name gives one of the roots at these places a name that none of them has: a root without any, else a further root.
func (u *union) name(name image.Reference, config digest.Digest, at []int) {
	for _, i := range u.byName[name] {
		if u.roots[i].leadsTo(config) {
			return
		}
	}
	for _, i := range at {
		r := &u.roots[i]
		if r.Name == "" && (r.Tag() == "" || r.Tag() == name.Tag()) {
			r.Root = r.Named(name)
			u.byName[name] = append(u.byName[name], i)
			return
		}
	}
	further := u.roots[at[0]]
	further.Root = further.Named(name)
	u.byName[name] = append(u.byName[name], len(u.roots))
	u.roots = append(u.roots, further)
}

// fitting returns the roots that are or reach an image with an entry's config and layers: those that are one first.
func (u *union) fitting(ctx context.Context, e entry, id digest.Digest, config *configMember) ([]int, error) {
	var direct, above []int
	for _, i := range u.byConfig[id] {
		r := &u.roots[i]
		fits, err := u.anyFits(ctx, e, r.images, config)
		switch {
		case err != nil:
			return nil, err
		case fits && r.direct:
			direct = append(direct, i)
		case fits:
			above = append(above, i)
		}
	}
	if len(direct)+len(above) == 0 {
		return nil, image.Damagef("image %s has other layers in %s", id, nameIndex)
	}
	return append(direct, above...), nil
}

func (u *union) anyFits(ctx context.Context, e entry, images []*image.Node, config *configMember) (bool, error) {
	for _, n := range images {
		if n.Manifest.Config.Digest != config.blob.Digest || len(n.Manifest.Layers) != len(e.Layers) {
			continue
		}
		fits, err := true, error(nil)
		for i := 0; i < len(e.Layers) && fits && err == nil; i++ {
			var diffID digest.Digest
			if i < len(config.DiffIDs) {
				diffID = config.DiffIDs[i]
			}
			fits, err = u.sameLayer(ctx, e.Layers[i], n.Manifest.Layers[i].Digest, diffID)
		}
		if fits || err != nil {
			return fits, err
		}
	}
	return false, nil
}

// sameLayer reports whether a layer of manifest.json is that of an OCI manifest. One that is not here says nothing
// against it.
func (u *union) sameLayer(ctx context.Context, written string, blob, diffID digest.Digest) (bool, error) {
	name, err := memberName(written)
	if err != nil {
		return false, err
	}
	if claimed, ok := blobDigest(name); ok {
		return claimed == blob || claimed == diffID, nil
	}
	m, err := u.layerMember(name)
	if errors.Is(err, image.ErrMissing) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if diffID.Algorithm() != digest.Canonical || m.format == compression.None {
		got, err := u.memberDigest(ctx, m.member)
		return got == blob || got == diffID, err
	}
	got, err := u.diffIDOf(ctx, m)
	return got == diffID, err
}
