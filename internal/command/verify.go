package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layer"
)

func verifyVerb() *verb {
	var quiet bool
	return &verb{
		name: "verify", group: groupStore, usage: "[OPTIONS] [PLACE|IMAGE…]",
		summary: "Check every digest, size and layer of images, an archive or the store",
		long: `Reads everything and compares every digest, size, diff ID, media type and reference, and the tar of every layer. It prints a line for each defect on stdout, and a summary on stderr.

Without an argument, the whole store is checked.`,
		examples: []example{
			{"Check an archive before it leaves the house", "imgtool verify app.tar"},
			{"Check the store", "imgtool verify"},
		},
		exits: []int{exitNotFound, exitDamaged, exitMissing},
		flags: []flag{{name: "quiet", short: "q", value: &quiet, usage: "Show no progress and no summary"}},
		min:   0, max: many, complete: places,
		run: func(ctx context.Context, c *call) error { return verify(ctx, c, &quiet) },
	}
}

func verify(ctx context.Context, c *call, quiet *bool) error {
	c.quiet = quiet
	places := []place{{}}
	if len(c.args) > 0 {
		places = nil
		for _, arg := range c.args {
			places = append(places, parsePlace(arg))
		}
	}
	worst := error(nil)
	for _, p := range places {
		kind, err := c.verifyPlace(ctx, p, *quiet)
		if err != nil {
			return err
		}
		if kind != nil {
			worst = worse(worst, kind)
		}
	}
	if worst == nil {
		return nil
	}
	return exitStatus(exitCode(worst))
}

// verifyPlace prints the defects of one place and returns the worst of their kinds.
func (c *call) verifyPlace(ctx context.Context, p place, quiet bool) (kind, err error) {
	src, err := c.openPlace(ctx, p, "")
	if err != nil {
		return nil, err
	}
	defer src.Close()
	roots, err := src.Roots(ctx)
	if err != nil {
		return nil, at(p.typed, err)
	}
	if p.selector != "" {
		g, _ := image.Walk(ctx, src, roots) // its error is in the nodes
		if roots, err = src.find(g, p.selector); err != nil {
			return nil, at(p.typed, hintStore(p, err))
		}
	}
	g, _ := image.Walk(ctx, src, roots) // as above
	progress := c.progress("Verifying", total(g.Blobs()))
	report, err := layer.Audit(ctx, src, roots, layer.AuditOptions{Limits: c.limits(), Jobs: jobs, Progress: progress.add, MediaTypes: true})
	progress.end()
	if err != nil {
		return nil, at(p.typed, err)
	}
	for _, d := range report.Defects {
		c.printDefect(p, d)
	}
	if err := c.flush(); err != nil { // before the summary, where both go to one terminal
		return nil, err
	}
	if !quiet {
		c.warnForeign(p.label(), g)
		c.note("%s", summary(p, report))
	}
	return report.Kind(), nil
}

// defectLine is what --json prints of a defect.
type defectLine struct {
	Place  string `json:"place"`
	Kind   string `json:"kind"`
	Defect string `json:"defect"`
}

func (c *call) printDefect(p place, d error) {
	if c.json {
		c.printJSON(defectLine{Place: p.label(), Kind: kindOf(d), Defect: d.Error()})
		return
	}
	fmt.Fprintf(c.out, "%s: %s\n", oneLine(p.label()), oneLine(d.Error()))
}

func kindOf(d error) string {
	switch {
	case errors.Is(d, image.ErrDamaged):
		return "damaged"
	case errors.Is(d, image.ErrMissing):
		return "missing"
	}
	return "unreadable"
}

// label is how a place is called in results.
func (p place) label() string {
	if p.typed == "" {
		return "store"
	}
	return p.typed
}

func summary(p place, r *layer.Report) string {
	s := fmt.Sprintf("%s: %s, %s, %d bytes: ", p.label(), count(r.Images, "image"), count(r.Blobs, "blob"), r.Bytes)
	if len(r.Defects) == 0 {
		s += "sound"
	} else {
		s += count(len(r.Defects), "defect")
	}
	if r.Absent > 0 {
		s += fmt.Sprintf("; not here: %s that a sparse index lists", count(r.Absent, "platform manifest"))
	}
	return s
}
