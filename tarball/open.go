package tarball

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/tarscan"
	"github.com/imgtool/imgtool/layout"
)

const (
	mediaTypeManifest = ocispec.MediaTypeImageManifest
	mediaTypeConfig   = ocispec.MediaTypeImageConfig
)

// Limits on what an archive may list. They are far above what any real one does.
const (
	maxRoots   = 200_000   // names and images without a name
	maxRead    = 1 << 30   // bytes of documents that are read, each as often as it is
	maxMade    = 256 << 20 // bytes of manifests and configs that are made
	maxParents = 1 << 18   // steps from v1 images to their parents
)

// errTooMuch ends an archive that is beyond a limit, whatever the other images in it are.
var errTooMuch = errors.New("too much for an archive of images")

// The documents at the top of an archive.
const (
	nameIndex        = "index.json"
	nameLayout       = "oci-layout"
	nameManifest     = "manifest.json"
	nameRepositories = "repositories"
)

// Options says how [Open] reads an archive. The zero value is useful.
type Options struct {
	// Warn is told of what is odd but tolerated, in words for the user.
	Warn func(string)
	// Digest says what is known of a member that was hashed when it came through a pipe.
	Digest func(name string) (d digest.Digest, size int64, ok bool)
	// Limits bounds what layers expand to that are decompressed to know their digests.
	Limits compression.Limits
	// Scratch makes an empty file without a name for layers in xz or bzip2. Nil is one in the directory for temporary
	// files of the system.
	Scratch func() (*os.File, error)
}

// Open tells what fsys holds and returns it as a source of images. The file system is that of a tar, or a directory,
// whose links lead to nowhere outside it; its files can be read at random.
//
// Where index.json lists anything, it counts, and manifest.json adds names and images to it; then manifest.json;
// repositories and v1 json only where neither is. Two views that contradict each other are damage, and so are
// documents that cannot be read. If nothing lists an image, the error matches [image.ErrNotFound]. What is wrong with
// one image of a docker archive is told when its manifest is opened.
//
// Plain layers are not read: their digests are the config's diff IDs, which whoever copies them checks. Compressed
// layers are read once. The caller closes the archive.
func Open(ctx context.Context, fsys fs.FS, opts Options) (*Archive, error) {
	t := tree{fsys}
	o := &opener{
		tree: t, opts: opts,
		configs: map[string]*configMember{}, layers: map[string]*layerMember{},
		linked: map[*tarscan.Header]*layerMember{}, v1: map[string]v1Step{},
	}
	o.archive = &Archive{blobs: newBlobs(t, scratch{create: opts.Scratch})}
	if err := o.list(ctx); err != nil {
		_ = o.archive.Close() // nothing was written that anybody waits for
		return nil, err
	}
	return o.archive, nil
}

// opener is an archive while it is being opened.
type opener struct {
	tree
	opts    Options
	archive *Archive
	configs map[string]*configMember // by name
	layers  map[string]*layerMember  // by name
	linked  map[*tarscan.Header]*layerMember
	v1      map[string]v1Step // by ID
	read    int               // bytes of documents of the archive
	made    int               // bytes of documents in memory
}

func (o *opener) warn(format string, args ...any) {
	if o.opts.Warn != nil {
		o.opts.Warn(fmt.Sprintf(format, args...))
	}
}

// document returns the bytes of a member that is a JSON document.
func (o *opener) document(name string) ([]byte, error) {
	raw, err := o.tree.document(name)
	if o.read += len(raw); o.read > maxRead {
		return nil, image.Damagef("documents of more than %d bytes: %w", maxRead, errTooMuch)
	}
	return raw, err
}

// decode parses a member that is a JSON document.
func (o *opener) decode(name string, v any) error {
	raw, err := o.document(name)
	if err != nil {
		return err
	}
	if err := image.Decode(raw, v); err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	return nil
}

// list finds the images of the archive.
func (o *opener) list(ctx context.Context) error {
	if names := unsafeIn(o.FS); len(names) > 0 {
		o.warn("%d names lead out of the archive and are ignored, the first is %q", len(names), names[0])
	}
	listed, err := o.indexLists()
	if err != nil {
		return err
	}
	raw, err := o.document(nameManifest)
	hasManifest := err == nil
	if err != nil && !errors.Is(err, image.ErrMissing) {
		return err
	}
	switch {
	case listed:
		err = o.openIndexed(ctx, raw)
	case hasManifest && isObject(raw):
		err = o.openDir(raw)
	case hasManifest:
		err = o.openManifest(ctx, raw)
	default:
		err = o.openV1(ctx)
	}
	if err == nil && len(o.archive.roots) == 0 {
		err = image.NotFoundf("no image in it")
	}
	return err
}

// indexLists reports whether index.json is there and names anything.
func (o *opener) indexLists() (bool, error) {
	var index struct {
		Manifests []json.RawMessage `json:"manifests"`
	}
	err := o.decode(nameIndex, &index)
	if errors.Is(err, image.ErrMissing) {
		return false, nil
	}
	return len(index.Manifests) > 0, err
}

// openIndexed opens an OCI layout, with or without manifest.json beside its index.
func (o *opener) openIndexed(ctx context.Context, manifest []byte) error {
	l, err := layout.Open(o.FS, layout.Options{Warn: o.opts.Warn})
	if err != nil {
		return err
	}
	o.archive.base, o.archive.generation = l, OCI
	o.archive.roots, err = l.Roots(ctx)
	if err != nil || manifest == nil {
		return err
	}
	if isObject(manifest) {
		o.warn("%s is not a list of images and is ignored beside %s", nameManifest, nameIndex)
		return nil
	}
	o.archive.generation = Both
	return o.union(ctx, manifest)
}

// openManifest opens a docker archive since 1.10.
func (o *opener) openManifest(ctx context.Context, raw []byte) error {
	entries, err := parseManifest(raw)
	if err != nil {
		return err
	}
	o.archive.generation = Manifest
	for i, e := range entries {
		d, names, err := o.entryImage(ctx, i, e)
		if err != nil {
			return err
		}
		if err := o.addRoots(d, names); err != nil {
			return err
		}
	}
	o.archive.roots = o.lastNamed(o.archive.roots)
	return nil
}

// addRoots lists an image once for each of its names, or once without any.
func (o *opener) addRoots(d image.Descriptor, names []image.Reference) error {
	root := image.Root{Descriptor: d}
	if len(o.archive.roots)+len(names) >= maxRoots {
		return image.Damagef("more than %d names and images: %w", maxRoots, errTooMuch)
	}
	if len(names) == 0 {
		o.archive.roots = append(o.archive.roots, root)
	}
	for _, name := range names {
		o.archive.roots = append(o.archive.roots, root.Named(name))
	}
	return nil
}

// make keeps a document that the archive does not hold.
func (o *opener) make(mediaType string, raw []byte) (image.Descriptor, error) {
	if o.made += len(raw); o.made > maxMade {
		return image.Descriptor{}, image.Damagef("manifests and configs of more than %d bytes: %w", maxMade, errTooMuch)
	}
	return o.archive.blobs.made.Add(mediaType, raw), nil
}
