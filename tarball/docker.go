package tarball

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// entry is one image in manifest.json (moby, image/tarexport). Its keys are read in any case: jib wrote lower-case ones.
type entry struct {
	Config       string
	RepoTags     []string
	Layers       []string                           // bottom first
	LayerSources map[digest.Digest]image.Descriptor // by diff ID: how a registry had the layers
}

// isObject reports whether a JSON document is an object, as a registry's manifest is; docker's manifest.json is a list.
func isObject(raw []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("{"))
}

func parseManifest(raw []byte) ([]entry, error) {
	var entries []entry
	if err := image.Decode(raw, &entries); err != nil {
		return nil, fmt.Errorf("parse %s: %w", nameManifest, err)
	}
	return entries, nil
}

// entryImage returns the manifest made for an entry of manifest.json, and the entry's names. What is wrong with the
// image is told by opening that manifest; an error is of the archive as a whole.
func (o *opener) entryImage(ctx context.Context, i int, e entry) (image.Descriptor, []image.Reference, error) {
	names, err := o.references(e.RepoTags)
	var d image.Descriptor
	if err == nil {
		d, err = o.makeManifest(ctx, e)
	}
	if err != nil {
		d, err = o.unreadable(fmt.Sprintf("%s entry %d", nameManifest, i), err)
	}
	return d, names, err
}

// unreadable returns a stand-in for an image that is damaged or incomplete. Any other error is returned.
func (o *opener) unreadable(what string, err error) (image.Descriptor, error) {
	err = fmt.Errorf("%s: %w", what, err)
	if errors.Is(err, errTooMuch) {
		return image.Descriptor{}, err
	}
	if errors.Is(err, image.ErrDamaged) || errors.Is(err, image.ErrMissing) {
		return o.archive.blobs.addBroken(what, err), nil
	}
	return image.Descriptor{}, err
}

func (o *opener) makeManifest(ctx context.Context, e entry) (image.Descriptor, error) {
	config := o.config(e.Config)
	if config.err != nil {
		return image.Descriptor{}, config.err
	}
	if err := config.FitsLayers(len(e.Layers)); err != nil {
		return image.Descriptor{}, err
	}
	var layers []image.Descriptor
	for i, name := range e.Layers {
		var diffID digest.Digest
		if config.HasDiffIDs {
			diffID = config.DiffIDs[i]
		}
		d, err := o.layer(ctx, name, diffID)
		if source := e.LayerSources[diffID]; errors.Is(err, image.ErrMissing) && isForeign(source) {
			d, err = source, nil
		}
		if err != nil {
			return image.Descriptor{}, fmt.Errorf("layer %d: %w", i+1, err)
		}
		layers = append(layers, d)
	}
	return o.addManifest(config.blob, layers)
}

// addManifest makes the manifest of an image.
func (o *opener) addManifest(config image.Descriptor, layers []image.Descriptor) (image.Descriptor, error) {
	raw, err := image.NewManifest(config, layers)
	if err != nil {
		return image.Descriptor{}, fmt.Errorf("make manifest: %w", err)
	}
	return o.make(mediaTypeManifest, raw)
}

// isForeign reports whether d describes a layer that may not be distributed, and says where it is.
func isForeign(d image.Descriptor) bool {
	return image.ValidDescriptor(d) == nil && image.IsLayer(d.MediaType) && len(d.URLs) > 0
}

// configMember is what counts of a config: images that share one name it again and again.
type configMember struct {
	image.Config // diff IDs alone

	blob image.Descriptor // its digest is set if the name claims one, whatever err is
	err  error            // why it cannot be used
}

// config returns the config that an entry names. A name that is a digest has to be the content's.
func (o *opener) config(written string) *configMember {
	c := o.configs[written]
	if c == nil {
		c = &configMember{}
		c.err = o.readConfig(c, written)
		o.configs[written] = c
	}
	return c
}

func (o *opener) readConfig(c *configMember, written string) error {
	name, err := memberName(written)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	c.blob = image.Descriptor{MediaType: mediaTypeConfig, Digest: configDigest(name)}
	raw, err := o.document(name)
	if errors.Is(err, image.ErrMissing) {
		return image.Missingf("config %s: %w", name, image.ErrMissing)
	}
	if err != nil {
		return fmt.Errorf("config %s: %w", name, err)
	}
	algorithm := digest.Canonical
	if c.blob.Digest != "" {
		algorithm = c.blob.Digest.Algorithm()
	}
	got := algorithm.FromBytes(raw)
	if c.blob.Digest != "" && c.blob.Digest != got {
		return image.Damagef("config %s: content has digest %s", name, got)
	}
	config, err := image.ParseConfig(raw)
	if err != nil {
		return fmt.Errorf("parse config %s: %w", name, err)
	}
	c.blob.Digest, c.blob.Size = got, int64(len(raw))
	c.HasDiffIDs, c.DiffIDs = config.HasDiffIDs, config.DiffIDs
	o.archive.blobs.addMember(got, member{name: name, size: c.blob.Size})
	return nil
}

// hexName is the name of a config that is its digest: <hex>.json of docker, sha256:<hex> of kaniko and crane.
var hexName = regexp.MustCompile(`^(?:sha256:)?([a-f0-9]{64})(?:\.json)?$`)

// configDigest returns the digest that a config's name claims, or "".
func configDigest(name string) digest.Digest {
	if d, ok := blobDigest(name); ok {
		return d
	}
	if m := hexName.FindStringSubmatch(path.Base(name)); m != nil {
		return digest.NewDigestFromEncoded(digest.SHA256, m[1])
	}
	return ""
}

// blobDigest returns the digest in a name such as blobs/sha256/<hex>.
func blobDigest(name string) (digest.Digest, bool) {
	dir, hex := path.Split(name)
	algorithm, ok := strings.CutPrefix(path.Clean(dir), "blobs/")
	if !ok {
		return "", false
	}
	d := digest.NewDigestFromEncoded(digest.Algorithm(algorithm), hex)
	return d, image.ValidDigest(d) == nil
}
