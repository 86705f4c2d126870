package command

import (
	"context"

	"github.com/imgtool/imgtool/convert"
	"github.com/imgtool/imgtool/image"
)

// saveFlags are what save can be told.
type saveFlags struct {
	output      string
	format      string
	compression string
	platforms   []string
	sparse      bool
	noTags      bool
	gzip        bool
	quiet       bool
}

func saveVerb() *verb {
	var f saveFlags
	return &verb{
		name: "save", group: groupMove, usage: "[OPTIONS] IMAGE…",
		summary: "Save images to an archive or a layout",
		long: `Writes images of the store, or of any archive or layout, to one archive. The default format is one that docker since 1.10, containerd, podman, skopeo, crane and regctl all load: an OCI layout with a manifest.json over the same blobs, in one tar. Digests are kept.

A name without a tag stands for all tags of the repository. An ID keeps all names that the image has.`,
		examples: []example{
			{"Save an image to a file", "imgtool save -o app.tar app:1"},
			{"Save to an OCI layout, its layers compressed with zstd", "imgtool save -o layout/ --format oci --compression zstd app:1"},
			{"Send an image to another host", "imgtool save app:1 | ssh host docker load"},
		},
		exits: []int{exitNotFound, exitDamaged, exitMissing},
		flags: []flag{
			{name: "output", short: "o", value: &f.output, arg: "FILE", usage: "Write to FILE instead of standard output; a path that ends in / is a directory"},
			{name: "format", value: &f.format, arg: "FORMAT", words: formatNames, usage: "Write docker (default), oci or docker-v1 (for docker before 1.10)"},
			{name: "compression", value: &f.compression, arg: "C", words: compressionWords, usage: "Compression of layers: keep (default), none, gzip[:LEVEL] or zstd[:LEVEL]"},
			{name: "platform", value: &f.platforms, arg: "OS/ARCH", usage: "Save only these platforms of an index (may be repeated)"},
			{name: "sparse", value: &f.sparse, usage: "With --platform, keep the index as it is and leave out the other platforms' blobs"},
			{name: "no-tags", value: &f.noTags, usage: "Save without names"},
			{name: "gzip", short: "z", value: &f.gzip, usage: "Compress the whole file with gzip (a suffix .tar.gz or .tar.zst does so too)"},
			{name: "quiet", short: "q", value: &f.quiet, usage: "Show no progress"},
		},
		min: 1, max: many, complete: places,
		run: func(ctx context.Context, c *call) error { return save(ctx, c, &f) },
	}
}

// compressionWords are offered for --compression.
var compressionWords = []string{"keep", "none", "gzip", "zstd"}

func save(ctx context.Context, c *call, f *saveFlags) error {
	c.quiet = &f.quiet
	target := place{typed: stdStream, path: stdStream}
	if f.output != "" {
		target = parsePath(f.output)
	}
	o, err := parseOutput(target, f.format, f.gzip)
	if err != nil {
		return err
	}
	opts, err := c.convertOptions(o, f.compression, "", f.platforms, f.sparse)
	if err != nil {
		return err
	}
	sel, err := c.gather(ctx, c.args, o.scratchDir())
	if err != nil {
		return err
	}
	defer sel.Close()
	if f.noTags {
		if sel.graph, err = image.Walk(ctx, sel, withoutNames(sel.graph.Roots)); err != nil {
			return err
		}
	}
	return at(target.typed, c.convertAndWrite(ctx, sel, o, opts, true))
}

// convertAndWrite applies what changes an image to a selection, and writes what comes of it.
func (c *call) convertAndWrite(ctx context.Context, sel *selection, o output, opts convert.Options, trust bool) error {
	scratch := c.scratch(o.scratchDir())
	defer scratch.Close()
	if opts.Layers != nil {
		opts.Progress = c.progress("Converting", total(sel.layers())).add
	}
	out, err := convert.Apply(ctx, scratch, sel, sel.graph, opts)
	c.closeProgress()
	if err != nil {
		return err
	}
	g, err := o.renamed(ctx, out)
	if err != nil {
		return err
	}
	made := func(d image.Descriptor) bool { // layers that were compressed anew were checked then
		ok, _ := scratch.Has(ctx, d) // a scratch never fails
		return ok
	}
	if err := c.write(ctx, o, out, g, copyOptions{trust: trust, checked: made}); err != nil {
		return err
	}
	c.tellChanges(out.Changes) // now they have come about
	return nil
}

// withoutNames returns the roots without their names, each digest once.
func withoutNames(roots []image.Root) []image.Root {
	var out []image.Root
	seen := map[string]bool{}
	for _, r := range roots {
		if seen[r.Digest.String()] {
			continue
		}
		seen[r.Digest.String()] = true
		out = append(out, r.Named(""))
	}
	return out
}
