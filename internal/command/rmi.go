package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/go-units"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/store"
)

func rmiVerb() *verb {
	var force, noPrune bool
	return &verb{
		name: "rmi", group: groupStore, usage: "[OPTIONS] IMAGE…",
		summary: "Remove names and images from the store",
		long:    "Removes a name; with the last name of an image goes the image, and every blob that no other image needs. An image that has several names is removed by its ID only with --force.",
		examples: []example{
			{"Remove a name, or the image if it is the last", "imgtool rmi app:1"},
			{"Remove an image with all its names", "imgtool rmi -f 2d24"},
		},
		exits: []int{exitNotFound},
		flags: []flag{
			{name: "force", short: "f", value: &force, usage: "Remove an image with several names by its ID, and do not mind one that is not there"},
			{name: "no-prune", value: &noPrune, usage: "Accepted for docker's sake: the store has no untagged parents"},
		},
		min: 1, max: many, complete: images,
		run: func(ctx context.Context, c *call) error { return rmi(ctx, c, force) },
	}
}

func rmi(ctx context.Context, c *call, force bool) error {
	st, err := c.theStore()
	if err != nil {
		return err
	}
	var failures []error
	for _, arg := range c.args {
		p := parsePlace(arg)
		if !p.inStore() {
			failures = append(failures, at(arg, usagef("rmi removes images of the store")))
			continue
		}
		gone, err := st.Remove(ctx, p.selector, store.RemoveOptions{Force: force})
		if force && exitCode(err) == exitNotFound { // docker's --force does not mind
			c.warn("%s: %s", arg, err)
			continue
		}
		if err != nil {
			failures = append(failures, at(arg, hintStore(p, err)))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		c.tellRemoved(gone, "Untagged", "Deleted")
		if err := c.flush(); err != nil { // what is gone is gone, whatever happens to the others
			return err
		}
	}
	return errors.Join(failures...)
}

// removedLine is what --json prints of a name or an image that went.
type removedLine struct {
	Untagged string `json:"untagged,omitempty"`
	Deleted  string `json:"deleted,omitempty"`
}

func (c *call) tellRemoved(gone store.Removed, untagged, deleted string) {
	for _, r := range gone.Untagged {
		if c.json {
			c.printJSON(removedLine{Untagged: r.Name.Familiar()})
			continue
		}
		fmt.Fprintf(c.out, "%s: %s\n", untagged, r.Name.Familiar())
	}
	told := map[string]bool{}
	for _, d := range gone.Deleted {
		if told[d.ID] { // several manifests of one config
			continue
		}
		told[d.ID] = true
		if c.json {
			c.printJSON(removedLine{Deleted: d.ID})
			continue
		}
		fmt.Fprintf(c.out, "%s: %s\n", deleted, d.ID)
	}
}

func pruneVerb() *verb {
	var all, force bool
	return &verb{
		name: "prune", group: groupStore, usage: "[OPTIONS]",
		summary: "Remove images without a name, and blobs that no image needs",
		long:    "Asks first, unless --force is given. What commands that run at the same time are loading is never removed.",
		examples: []example{
			{"Clean up", "imgtool prune -f"},
			{"Empty the store", "imgtool prune -a -f"},
		},
		flags: []flag{
			{name: "all", short: "a", value: &all, usage: "Remove all images, not just those without a name"},
			{name: "force", short: "f", value: &force, usage: "Do not ask"},
		},
		run: func(ctx context.Context, c *call) error { return prune(ctx, c, all, force) },
	}
}

func prune(ctx context.Context, c *call, all, force bool) error {
	st, err := c.theStore()
	if err != nil {
		return err
	}
	what := "all dangling images"
	var opts store.PruneOptions
	if all {
		what = "all images"
		opts.Remove = func(image.Root) bool { return true }
	}
	if !force {
		sure, err := c.confirm("WARNING! This will remove " + what + ".\nAre you sure you want to continue? [y/N] ")
		if err != nil || !sure {
			return err
		}
	}
	gone, err := st.Prune(ctx, opts)
	if err != nil {
		return err
	}
	if len(gone.Untagged)+len(gone.Deleted) > 0 && !c.json {
		fmt.Fprintln(c.out, "Deleted Images:")
	}
	c.tellRemoved(gone, "untagged", "deleted")
	if c.json {
		c.printJSON(map[string]int64{"spaceReclaimed": gone.Bytes()})
		return nil
	}
	if len(gone.Untagged)+len(gone.Deleted) > 0 {
		fmt.Fprintln(c.out)
	}
	fmt.Fprintf(c.out, "Total reclaimed space: %s\n", units.HumanSize(float64(gone.Bytes())))
	return nil
}

// confirm asks a question on stderr. Anything but a yes is a no.
func (c *call) confirm(question string) (bool, error) {
	if _, err := io.WriteString(c.std.Err, question); err != nil {
		return false, err
	}
	line, err := bufio.NewReader(c.std.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer: %w", cause(err))
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes", nil
}
