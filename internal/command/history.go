package command

import (
	"context"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// historyFlags are what history can be told.
type historyFlags struct {
	noTrunc, quiet, human bool
	format, platform      string
}

func historyVerb() *verb {
	f := historyFlags{human: true}
	return &verb{
		name: "history", group: groupStore, usage: "[OPTIONS] IMAGE",
		summary: "Show how an image came about",
		long:    "Lists the steps of an image's history, newest first, as docker does. SIZE is the bytes of the step's layer as stored.",
		examples: []example{
			{"The history of an image in the store", "imgtool history app:1"},
			{"The commands that made an image in an archive", "imgtool history --no-trunc --format '{{.CreatedBy}}' app.tar"},
		},
		exits: []int{exitNotFound, exitDamaged, exitMissing},
		flags: []flag{
			{name: "no-trunc", value: &f.noTrunc, usage: "Show whole IDs and commands"},
			{name: "quiet", short: "q", value: &f.quiet, usage: "Show IDs only"},
			{name: "human", short: "H", value: &f.human, usage: "Print sizes and dates for people (default; --human=false for bytes and time stamps)"},
			{name: "platform", value: &f.platform, arg: "OS/ARCH", usage: "The image for this platform, of an index"},
			{name: "format", value: &f.format, arg: "FORMAT", words: []string{"table", "json"}, usage: "Print as table, as 'table TEMPLATE', as json, or as a Go template says"},
		},
		min: 1, max: 1, complete: places,
		run: func(ctx context.Context, c *call) error { return showHistory(ctx, c, &f) },
	}
}

func showHistory(ctx context.Context, c *call, f *historyFlags) error {
	one, err := c.chooseOne(ctx, c.args[0], f.platform)
	if err != nil {
		return err
	}
	defer one.Close()
	if err := one.needImage(); err != nil {
		return at(c.args[0], err)
	}
	if c.json && f.format == "" {
		f.format = jsonFormat
	}
	l := historyListing{format: f.format, noTrunc: f.noTrunc, quiet: f.quiet, exact: !f.human, now: time.Now()}
	return l.write(c.out, historyRows(one.image))
}

// historyRows returns the steps of an image, newest first. An image without history has a step for each layer.
func historyRows(n *image.Node) []historyRow {
	steps, layers := n.Config.History, n.Manifest.Layers
	if len(steps) == 0 {
		steps = make([]image.History, len(layers))
	}
	fits := n.Config.HistoryFits(len(layers))
	rows := make([]historyRow, 0, len(steps))
	next := 0
	for _, h := range steps {
		r := historyRow{id: digest.Digest(h.ID), created: h.Created, createdBy: h.CreatedBy, comment: h.Comment}
		if !h.EmptyLayer && fits {
			r.size = layers[next].Size
			next++
		}
		rows = append(rows, r)
	}
	slices.Reverse(rows)
	if len(rows) > 0 {
		rows[0].id = n.Manifest.Config.Digest
	}
	return rows
}
