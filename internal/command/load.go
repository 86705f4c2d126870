package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/imgtool/imgtool/convert"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/store"
)

// loadFlags are what load can be told.
type loadFlags struct {
	input     string
	tag       string
	platforms []string
	sparse    bool
	noClobber bool
	keepGoing bool
	trust     bool
	quiet     bool
}

func loadVerb() *verb {
	var f loadFlags
	return &verb{
		name: "load", group: groupMove, usage: "[OPTIONS] [FILE|-] [REF…]",
		summary: "Load images from an archive or a layout into the store",
		long: `Reads a docker save archive of any generation, or an OCI image layout, from a file, a directory or standard input, compressed or not, and puts its images into the store. Its format is told by its content.

With REF only these images of the archive are loaded: names, digests, IDs, or @N for the N-th. Every blob is compared with its digest, and every layer with its diff ID. Either all images of an archive are loaded, or none.`,
		examples: []example{
			{"Load an archive", "imgtool load -i app.tar"},
			{"Load what comes through a pipe", "ssh host docker save app:1 | imgtool load"},
			{"Load one image of several, under a name", "imgtool load bundle.tar.zst registry.example/app:1"},
		},
		exits: []int{exitNotFound, exitDamaged, exitMissing},
		flags: []flag{
			{name: "input", short: "i", value: &f.input, arg: "FILE", usage: "Read from FILE instead of standard input; all arguments are images then"},
			{name: "tag", short: "t", value: &f.tag, arg: "NAME", usage: "Give the image this name (for an archive with one image)"},
			{name: "platform", value: &f.platforms, arg: "OS/ARCH", usage: "Load only these platforms of an index (may be repeated)"},
			{name: "sparse", value: &f.sparse, usage: "With --platform, keep the index as it is and leave out the other platforms' blobs"},
			{name: "no-clobber", value: &f.noClobber, usage: "Leave a name with the image that has it already"},
			{name: "keep-going", value: &f.keepGoing, usage: "Load the images that are whole even if others are not"},
			{name: "trust-layers", value: &f.trust, usage: "Check the digests of blobs only, not what layers hold"},
			{name: "quiet", short: "q", value: &f.quiet, usage: "Show no progress"},
		},
		min: 0, max: many, complete: files,
		run: func(ctx context.Context, c *call) error { return load(ctx, c, &f) },
	}
}

func load(ctx context.Context, c *call, f *loadFlags) error {
	c.quiet = &f.quiet
	p, selectors := loadPlace(c.args, f.input)
	opts := loadOptions{loadFlags: *f, selectors: selectors}
	var err error
	if opts.only, err = parsePlatforms(f.platforms, f.sparse); err != nil {
		return err
	}
	if f.tag != "" {
		if opts.name, err = image.ParseReference(f.tag); err != nil {
			return usageError{err}
		}
	}
	return at(p.typed, c.loadFrom(ctx, p, opts))
}

// loadPlace returns what is to be read and which images of it: with -i all arguments are images, else the first one is
// the file.
func loadPlace(args []string, input string) (place, []string) {
	if input == "" && len(args) > 0 {
		input, args = args[0], args[1:]
	}
	if input == "" {
		input = stdStream
	}
	p := parsePath(input)
	if p.selector != "" {
		args = append([]string{p.selector}, args...)
		p.selector = ""
	}
	return p, args
}

type loadOptions struct {
	loadFlags

	selectors []string
	only      []image.Platform
	name      image.Reference
}

// loadFrom loads what a place holds, all or nothing.
func (c *call) loadFrom(ctx context.Context, p place, opts loadOptions) error {
	st, err := c.theStore()
	if err != nil {
		return err
	}
	in, err := c.openLoad(ctx, p, st, opts)
	if err != nil {
		return err
	}
	defer in.Close()
	sel, failed, err := c.chooseLoad(ctx, in.source, opts)
	if err != nil {
		return err
	}
	scratch := c.scratch("")
	defer scratch.Close()
	out, err := convert.Apply(ctx, scratch, sel, sel.graph, convert.Options{Platforms: opts.only, Sparse: opts.sparse, Warn: c.warner()})
	if err != nil {
		return err
	}
	g := out.Graph
	if opts.name != "" {
		if g, err = rename(ctx, out, g, opts.name); err != nil {
			return err
		}
	}
	if in.txn == nil {
		if in.txn, err = st.Begin(ctx, store.BeginOptions{NoClobber: opts.noClobber}); err != nil {
			return err
		}
	}
	failed, g, err = c.copyLoad(ctx, in.txn, out, g, opts, failed)
	if err != nil {
		return err
	}
	if err := in.txn.Commit(ctx, g.Roots); err != nil {
		return err
	}
	c.tellChanges(out.Changes)
	c.tellKept(in.txn.Kept())
	c.tellMoved(in.txn.Moved())
	c.tellLoaded(g, in.txn.Kept())
	return c.partly(failed)
}

// partly returns the failure of a part, after the results of what was done all the same.
func (c *call) partly(failed error) error {
	if failed == nil {
		return nil
	}
	if err := c.flush(); err != nil {
		return err
	}
	return failed
}

// chooseLoad returns the images to load. With --keep-going those that are not whole are left out, and the worst of their
// failures is returned beside.
func (c *call) chooseLoad(ctx context.Context, src *source, opts loadOptions) (sel *selection, failed, err error) {
	if !opts.keepGoing {
		if sel, err = src.selectRoots(ctx, opts.selectors); err != nil {
			return nil, nil, err
		}
		absent, err := sel.graph.Require()
		if err != nil {
			return nil, nil, err
		}
		c.warnSparse(src.place.typed, absent)
		c.warnOdd(src.place.typed, sel.graph)
		return sel, nil, nil
	}
	roots, err := src.Roots(ctx)
	if err != nil {
		return nil, nil, err
	}
	g, _ := image.Walk(ctx, src, roots) // its error is in the nodes
	if len(opts.selectors) > 0 {
		if roots, err = src.choose(g, opts.selectors); err != nil {
			return nil, nil, err
		}
	}
	var whole []image.Root
	absent := 0
	for _, r := range roots {
		one, err := image.Walk(ctx, src, []image.Root{r})
		if err == nil {
			var n int
			n, err = one.Require()
			absent += n
		}
		if err != nil {
			failed = c.leaveOut(r, err, failed)
			continue
		}
		whole = append(whole, r)
	}
	if len(whole) == 0 && failed != nil {
		return nil, nil, failed
	}
	c.warnSparse(src.place.typed, absent)
	g, err = image.Walk(ctx, src, whole)
	c.warnOdd(src.place.typed, g)
	return &selection{src, g}, failed, err
}

// leaveOut tells that an image is left out, and why, and returns the worst failure so far.
func (c *call) leaveOut(r image.Root, err, failed error) error {
	label := r.Label() + ": "
	c.warn("%s%s", label, strings.TrimPrefix(err.Error(), label))
	return worse(failed, err)
}

// worse returns the one of two failures that decides the exit code: damage goes before absence.
func worse(a, b error) error {
	if a == nil || isDamage(b) && !isDamage(a) {
		return b
	}
	return a
}

// copyLoad copies what the graph reaches into the transaction, checked. With --keep-going each root is copied by itself,
// and the graph that is returned has those that could be.
func (c *call) copyLoad(ctx context.Context, txn image.Txn, src image.Source, g *image.Graph, opts loadOptions, failed error) (error, *image.Graph, error) {
	if !opts.keepGoing {
		return failed, g, c.copyGraph(ctx, txn, src, g, copyOptions{title: "Loading", jobs: jobs, trust: opts.trust})
	}
	copyOne := oncePerBlob(func(r image.Root) error {
		one, err := image.Walk(ctx, src, []image.Root{r})
		if err == nil {
			err = c.copyGraph(ctx, txn, src, one, copyOptions{title: "Loading", jobs: jobs, trust: opts.trust})
		}
		return err
	})
	var whole []image.Root
	for _, r := range g.Roots {
		err := copyOne(r)
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil && !isDamage(err) && !errors.Is(err, image.ErrMissing): // of the disk, not of the image
			return nil, nil, err
		case err != nil:
			failed = c.leaveOut(r, err, failed)
			continue
		}
		whole = append(whole, r)
	}
	if len(whole) == 0 {
		return nil, nil, failed
	}
	g, err := image.Walk(ctx, src, whole)
	return failed, g, err
}

// rename gives the only image of a graph one more name; a tag alone that it has gives way to it.
func rename(ctx context.Context, src image.Source, g *image.Graph, name image.Reference) (*image.Graph, error) {
	target, err := onlyImage(g, name.Familiar())
	if err != nil {
		return nil, err
	}
	var roots []image.Root
	for _, r := range g.Roots {
		if r.Name != name && (r.Digest != target.Digest || r.Name != "") {
			roots = append(roots, r)
		}
	}
	return image.Walk(ctx, src, append(roots, target.Named(name)))
}

// onlyImage returns the root that a new name is for: the only one but for what belongs to it.
func onlyImage(g *image.Graph, name string) (*image.Root, error) {
	var target *image.Root
	for i, r := range g.Roots {
		switch {
		case r.Subject(g.Tops[i]) != "":
		case target == nil:
			target = &g.Roots[i]
		case target.Digest != r.Digest:
			return nil, hintf(usagef("%q names one image, but there are several", name), "choose one of them, as in FILE::NAME")
		}
	}
	if target == nil {
		return nil, usagef("%q names an image, but there is none", name)
	}
	return target, nil
}

// tellKept tells which names --no-clobber has left where they were.
func (c *call) tellKept(kept []store.Moved) {
	for _, k := range kept {
		c.warn("the name %s stays with the image %s", k.Name.Familiar(), k.OldID)
	}
}

// tellMoved prints what docker load prints of names that other images had.
func (c *call) tellMoved(moved []store.Moved) {
	for _, m := range moved {
		if c.json {
			c.printJSON(movedLine{m.Name.Familiar(), m.OldID})
			continue
		}
		fmt.Fprintf(c.out, "The image %s already exists, renaming the old one with ID %s to empty string\n", m.Name.Familiar(), m.OldID)
	}
}

// tellLoaded prints what docker load prints, for every root in order. One whose name was kept by another image goes by
// its ID.
func (c *call) tellLoaded(g *image.Graph, kept []store.Moved) {
	for i, r := range g.Roots {
		if slices.ContainsFunc(kept, func(k store.Moved) bool { return k.Name == r.Name && k.Old.Digest != r.Digest }) {
			r = r.Named("")
		}
		id := imageID(g.Tops[i])
		switch {
		case c.json:
			c.printJSON(loadedLine{Name: r.Name.Familiar(), ID: id, Digest: r.Digest.String(), Tag: r.Tag()})
		case r.Name != "":
			fmt.Fprintf(c.out, "Loaded image: %s\n", r.Name.Familiar())
		case id != "":
			fmt.Fprintf(c.out, "Loaded image ID: %s\n", id)
		default:
			fmt.Fprintf(c.out, "Loaded artifact: %s\n", r.Digest)
		}
	}
}

// movedLine is what --json prints of a name that another image had.
type movedLine struct {
	Moved string `json:"moved"`
	OldID string `json:"oldId"`
}

// loadedLine is what --json prints of a loaded root.
type loadedLine struct {
	Name   string `json:"name,omitempty"`
	Tag    string `json:"tag,omitempty"`
	ID     string `json:"id,omitempty"`
	Digest string `json:"digest"`
}
