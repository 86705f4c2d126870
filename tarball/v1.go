package tarball

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/imgtool/imgtool/image"
)

// hexID matches the only form of the IDs of images before docker 1.10: they are names of directories.
var hexID = regexp.MustCompile(`^[a-f0-9]{64}$`)

// v1Tip is an image that a v1 archive lists.
type v1Tip struct {
	id   string
	tags []string // whole names
}

// openV1 opens an archive of docker before 1.10: repositories, and a directory for each image ID with its json and
// its layer.tar. Images are those that have a name, and those that are no other's parent.
func (o *opener) openV1(ctx context.Context) error {
	if err := o.refuseHalfLayout(); err != nil {
		return err
	}
	tips, err := o.repositories()
	if err != nil {
		return err
	}
	parents, err := o.v1Parents(ctx)
	if err != nil || len(parents)+len(tips) == 0 {
		return err
	}
	o.archive.generation = V1
	if names := unsafeIn(o.FS); len(names) > 0 {
		return image.Damagef("name %q leads out of the archive", names[0])
	}
	chains := &v1Chains{parents: parents, reached: map[string]bool{}}
	for _, tip := range append(tips, unnamedTips(parents, tips)...) {
		if err := o.v1Root(ctx, chains, tip); err != nil {
			return err
		}
	}
	return chains.allReached()
}

// refuseHalfLayout returns an error for an OCI layout that has lost its index.
func (o *opener) refuseHalfLayout() error {
	layout, err := o.exists(nameLayout)
	if err != nil || !layout {
		return err
	}
	index, err := o.exists(nameIndex)
	if err == nil && !index {
		err = image.Damagef("%s without %s", nameLayout, nameIndex)
	}
	return err
}

// repositories returns the images that have names, as written.
func (o *opener) repositories() ([]v1Tip, error) {
	var repos ordered[ordered[string]]
	err := o.decode(nameRepositories, &repos)
	if errors.Is(err, image.ErrMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var tips []v1Tip
	at := map[string]int{}
	for _, repo := range repos {
		for _, tag := range repo.value {
			id := tag.value
			if !hexID.MatchString(id) {
				return nil, image.Damagef("%s: %q is not an image ID", nameRepositories, id)
			}
			if _, ok := at[id]; !ok {
				at[id] = len(tips)
				tips = append(tips, v1Tip{id: id})
			}
			tips[at[id]].tags = append(tips[at[id]].tags, repo.key+":"+tag.key)
		}
	}
	return tips, nil
}

// v1Parents returns the parent of each image ID that has a json, "" for the lowest.
func (o *opener) v1Parents(ctx context.Context) (map[string]string, error) {
	entries, err := fs.ReadDir(o.FS, ".")
	if err != nil {
		return nil, fmt.Errorf("list the archive: %w", err)
	}
	parents := map[string]string{}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		id := e.Name()
		isImage, err := o.isV1Image(e)
		if err != nil {
			return nil, err
		}
		if !isImage {
			continue
		}
		doc, _, err := o.v1Document(id)
		if err != nil {
			return nil, err
		}
		if doc.Parent != "" && !hexID.MatchString(doc.Parent) {
			return nil, image.Damagef("%s/json: parent %q is not an image ID", id, doc.Parent)
		}
		if doc.ID != "" && doc.ID != id {
			o.warn("%s/json says that it is image %q", id, doc.ID)
		}
		parents[id] = doc.Parent
	}
	return parents, nil
}

// isV1Image reports whether a directory at the top is that of an image. One that is, but for its name, is damage.
func (o *opener) isV1Image(e fs.DirEntry) (bool, error) {
	if e.Type().IsRegular() {
		return false, nil
	}
	described, err := o.exists(e.Name() + "/json")
	if errors.Is(err, image.ErrDamaged) { // it is no file
		return false, nil
	}
	if err != nil || !described || hexID.MatchString(e.Name()) {
		return described, err
	}
	layer, err := o.exists(e.Name() + "/layer.tar")
	if err == nil && layer {
		err = image.Damagef("directory %q is not named by an image ID", e.Name())
	}
	return false, err
}

// unnamedTips returns the images that are nobody's parent and have no name, by ID.
func unnamedTips(parents map[string]string, named []v1Tip) []v1Tip {
	known := map[string]bool{}
	for _, tip := range named {
		known[tip.id] = true
	}
	for _, parent := range parents {
		known[parent] = true
	}
	var tips []v1Tip
	for id := range parents {
		if !known[id] {
			tips = append(tips, v1Tip{id: id})
		}
	}
	slices.SortFunc(tips, func(a, b v1Tip) int { return strings.Compare(a.id, b.id) })
	return tips
}

// v1Root lists an image. What is wrong with it is told by opening its manifest.
func (o *opener) v1Root(ctx context.Context, chains *v1Chains, tip v1Tip) error {
	d, err := o.v1Image(ctx, chains, tip.id)
	names, errNames := o.references(tip.tags)
	if err == nil {
		err = errNames
	}
	if err != nil {
		if d, err = o.unreadable("v1 image "+tip.id, err); err != nil {
			return err
		}
	}
	return o.addRoots(d, names)
}
