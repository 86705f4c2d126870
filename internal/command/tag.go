package command

import (
	"context"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/store"
)

func tagVerb() *verb {
	return &verb{
		name: "tag", group: groupStore, usage: "SOURCE NAME[:TAG]",
		summary: "Give an image of the store one more name",
		long:    "The name is written as docker's users write it; its tag is latest if it has none. A name that another image has moves to this one, which is said.",
		examples: []example{
			{"Name an image for a registry", "imgtool tag app:1 registry.example/team/app:1"},
			{"Name an image by its ID", "imgtool tag 2d24 app:old"},
		},
		exits: []int{exitNotFound},
		min:   2, max: 2, complete: images,
		run: tag,
	}
}

func tag(ctx context.Context, c *call) error {
	p := parsePlace(c.args[0])
	if !p.inStore() {
		return at(c.args[0], hintf(usagef("tag names images of the store"), "load it first: imgtool load -t %s %s", c.args[1], c.args[0]))
	}
	name, err := image.ParseReference(c.args[1])
	if err != nil {
		return usageError{err}
	}
	if name.Digest() != "" {
		return usagef("%q: a name that is given has no digest", c.args[1])
	}
	st, err := c.theStore()
	if err != nil {
		return err
	}
	roots, err := st.Resolve(ctx, p.selector)
	if err != nil {
		return at(p.typed, hintStore(p, err))
	}
	moved, err := st.Tag(ctx, roots[0], name)
	if err != nil {
		return at(p.typed, err)
	}
	if moved != nil {
		c.tellMoved([]store.Moved{*moved})
	}
	return nil
}
