package command

import "context"

// inspectFlags are what inspect can be told.
type inspectFlags struct {
	format                string
	raw, config, manifest bool
	platform              string
}

func inspectVerb() *verb {
	var f inspectFlags
	return &verb{
		name: "inspect", group: groupStore, usage: "[OPTIONS] IMAGE…",
		summary: "Show all that an image says of itself",
		long:    "Prints a JSON array as docker does, or the very bytes of the image's documents.",
		examples: []example{
			{"An image in an archive", "imgtool inspect app.tar"},
			{"Its environment", "imgtool inspect -f '{{json .Config.Env}}' app:1"},
			{"The bytes of its config", "imgtool inspect --config app:1"},
		},
		exits: []int{exitNotFound, exitDamaged, exitMissing},
		flags: []flag{
			{name: "format", short: "f", value: &f.format, arg: "TEMPLATE", usage: "Print as a Go template says, or json"},
			{name: "raw", value: &f.raw, usage: "Print the bytes of what the name points at: an index or a manifest"},
			{name: "manifest", value: &f.manifest, usage: "Print the bytes of the image's manifest"},
			{name: "config", value: &f.config, usage: "Print the bytes of the image's config"},
			{name: "platform", value: &f.platform, arg: "OS/ARCH", usage: "The image for this platform, of an index"},
		},
		min: 1, max: many, complete: places,
		run: func(ctx context.Context, c *call) error { return inspect(ctx, c, &f) },
	}
}

func inspect(ctx context.Context, c *call, f *inspectFlags) error {
	documents := 0
	for _, b := range []bool{f.raw, f.config, f.manifest} {
		if b {
			documents++
		}
	}
	if documents > 1 || documents == 1 && f.format != "" {
		return usagef("--raw, --manifest, --config and --format exclude each other")
	}
	if c.json && f.format == "" {
		f.format = jsonFormat
	}
	var all []inspection
	for _, arg := range c.args {
		i, err := c.inspectOne(ctx, arg, f, documents == 1)
		if err != nil {
			return err
		}
		all = append(all, i)
	}
	if documents == 1 {
		return nil
	}
	return printInspections(c.out, f.format, all)
}

// inspectOne returns what inspect tells of one image, or prints one of its documents.
func (c *call) inspectOne(ctx context.Context, arg string, f *inspectFlags, document bool) (inspection, error) {
	one, err := c.chooseOneDocument(ctx, arg, f)
	if err != nil {
		return inspection{}, err
	}
	defer one.Close()
	if f.raw {
		_, err := c.out.Write(one.top.Bytes())
		return inspection{}, err
	}
	if err := one.needImage(); err != nil {
		return inspection{}, at(arg, err)
	}
	n := one.image
	switch {
	case f.config:
		_, err = c.out.Write(n.Config.Raw)
	case f.manifest:
		_, err = c.out.Write(n.Manifest.Raw)
	}
	if document {
		return inspection{}, err
	}
	i := inspection{id: n.Manifest.Config.Digest, config: n.Config, size: layerBytes(n)}
	descriptor := one.top.Descriptor
	descriptor.Annotations = nil
	i.descriptor = &descriptor
	seen := map[string]bool{}
	for _, r := range one.names {
		if r.Name == "" {
			continue
		}
		if r.Name.Tag() != "" {
			i.repoTags = append(i.repoTags, r.Name.Familiar())
		}
		if s := r.Name.Repository() + "@" + r.Digest.String(); !seen[s] {
			seen[s] = true
			i.repoDigests = append(i.repoDigests, s)
		}
	}
	return i, nil
}

// chooseOneDocument is chooseOne; --raw does not need an image to stand out in an index.
func (c *call) chooseOneDocument(ctx context.Context, arg string, f *inspectFlags) (*chosen, error) {
	if !f.raw {
		return c.chooseOne(ctx, arg, f.platform)
	}
	p := parsePlace(arg)
	all, err := c.openAll(ctx, p, "")
	if err != nil {
		return nil, err
	}
	one, err := all.one(p)
	if err != nil {
		all.Close()
		return nil, at(arg, hintStore(p, err))
	}
	return one, nil
}
