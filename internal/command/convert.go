package command

import (
	"context"
	"errors"

	"github.com/imgtool/imgtool/convert"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layer"
)

// convertFlags are what convert can be told.
type convertFlags struct {
	format      string
	compression string
	mediaTypes  string
	platforms   []string
	sparse      bool
	gzip        bool
	keepGoing   bool
	trust       bool
	quiet       bool
}

func convertVerb() *verb {
	var f convertFlags
	return &verb{
		name: "convert", aliases: []string{"copy"}, group: groupMove, usage: "[OPTIONS] SRC DST",
		summary: "Copy images from any place to any place, in another form if asked",
		long: `Reads the images of an archive, a layout or the store, and writes them to an archive, a layout or the store, without keeping them in between. What is not asked to change keeps its digest; what changes is reported as old -> new.

Every blob is compared with its digest, and every layer with its diff ID. The output appears whole or not at all.`,
		examples: []example{
			{"Make an OCI archive of a docker archive", "imgtool convert app.tar app.oci"},
			{"Compress the layers with zstd", "imgtool convert --compression zstd app.tar app-zstd.tar"},
			{"Add an image to a layout directory", "imgtool convert app.tar oci:layout:v1"},
		},
		exits: []int{exitNotFound, exitDamaged, exitMissing},
		flags: []flag{
			{name: "format", value: &f.format, arg: "FORMAT", words: formatNames, usage: "Write docker (default), oci or docker-v1"},
			{name: "compression", value: &f.compression, arg: "C", words: compressionWords, usage: "Compression of layers: keep (default), none, gzip[:LEVEL] or zstd[:LEVEL]"},
			{name: "media-types", value: &f.mediaTypes, arg: "TYPES", words: []string{"oci", "docker"}, usage: "Rewrite manifests with media types of oci or docker"},
			{name: "platform", value: &f.platforms, arg: "OS/ARCH", usage: "Keep only these platforms of an index (may be repeated)"},
			{name: "sparse", value: &f.sparse, usage: "With --platform, keep the index as it is and leave out the other platforms' blobs"},
			{name: "gzip", short: "z", value: &f.gzip, usage: "Compress the whole file with gzip (a suffix .tar.gz or .tar.zst does so too)"},
			{name: "keep-going", value: &f.keepGoing, usage: "Convert the images that are whole even if others are not"},
			{name: "trust-layers", value: &f.trust, usage: "Check the digests of blobs only, not what layers hold"},
			{name: "quiet", short: "q", value: &f.quiet, usage: "Show no progress"},
		},
		min: 2, max: 2, complete: places,
		run: func(ctx context.Context, c *call) error { return runConvert(ctx, c, &f) },
	}
}

func runConvert(ctx context.Context, c *call, f *convertFlags) error {
	c.quiet = &f.quiet
	from, to := parsePlace(c.args[0]), parsePlace(c.args[1])
	o, err := parseOutput(to, f.format, f.gzip)
	if err != nil {
		return err
	}
	opts, err := c.convertOptions(o, f.compression, f.mediaTypes, f.platforms, f.sparse)
	if err != nil {
		return err
	}
	src, err := c.openPlace(ctx, from, o.scratchDir())
	if err != nil {
		return err
	}
	defer src.Close()
	sel, failed, err := c.chooseLoad(ctx, src, loadOptions{loadFlags: loadFlags{keepGoing: f.keepGoing}, selectors: from.selectors()})
	if err != nil {
		return at(from.typed, hintStore(from, err))
	}
	if f.keepGoing {
		if sel, failed, err = c.soundOnly(ctx, sel, failed); err != nil {
			return at(from.typed, err)
		}
	}
	if err := c.convertAndWrite(ctx, sel, o, opts, f.trust); err != nil {
		return at(from.typed, err)
	}
	return at(from.typed, c.partly(failed))
}

// convertOptions gathers what the flags of save and convert say is to change.
func (c *call) convertOptions(o output, layers, mediaTypes string, platforms []string, sparse bool) (convert.Options, error) {
	opts := convert.Options{Sparse: sparse, Jobs: jobs, Limits: c.limits(), Warn: c.warner()}
	spec, err := parseCompression(layers)
	if err != nil {
		return opts, err
	}
	if opts.Layers, err = o.layers(spec); err != nil {
		return opts, err
	}
	c.flatMemory(&opts)
	switch mediaTypes {
	case "":
	case "oci":
		opts.MediaTypes = convert.OCI
	case "docker":
		opts.MediaTypes = convert.Docker
	default:
		return opts, usagef("flag --media-types: %q is not oci or docker", mediaTypes)
	}
	opts.Platforms, err = parsePlatforms(platforms, sparse)
	return opts, err
}

// renamed returns the graph under the name that the output was spelled with, as "oci:DIR:v1" or "store/name:tag".
func (o output) renamed(ctx context.Context, out *convert.Result) (*image.Graph, error) {
	text := o.place.selector
	if text == "" {
		return out.Graph, nil
	}
	name, full := image.ParseFullReference(text)
	if o.place.inStore() || o.place.transport == dockerArchive {
		ref, err := image.ParseReference(text)
		if err != nil {
			return nil, usageError{err}
		}
		name, full = ref, true
	}
	target, err := onlyImage(out.Graph, text)
	if err != nil {
		return nil, err
	}
	named := target.Named(name)
	if !full {
		named = named.Tagged(text)
	}
	roots := []image.Root{named}
	for _, r := range out.Graph.Roots {
		if r.Digest != target.Digest {
			roots = append(roots, r)
		}
	}
	return image.Walk(ctx, out, roots)
}

// soundOnly leaves out the images in which anything is damaged or missing, and returns the worst of what was found.
func (c *call) soundOnly(ctx context.Context, sel *selection, failed error) (*selection, error, error) {
	audit := oncePerBlob(func(r image.Root) error {
		report, err := layer.Audit(ctx, sel, []image.Root{r}, layer.AuditOptions{Limits: c.limits(), Jobs: jobs})
		if err != nil {
			return err
		}
		return report.Worst()
	})
	var sound []image.Root
	for _, r := range sel.graph.Roots {
		err := audit(r)
		switch {
		case err != nil && !isDamage(err) && !errors.Is(err, image.ErrMissing): // of the disk, not of the image
			return nil, nil, err
		case err != nil:
			failed = c.leaveOut(r, err, failed)
			continue
		}
		sound = append(sound, r)
	}
	if len(sound) == 0 {
		return nil, nil, failed
	}
	g, err := image.Walk(ctx, sel, sound)
	return &selection{sel.source, g}, failed, err
}
