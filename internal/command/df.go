package command

import (
	"context"
	"time"

	"github.com/opencontainers/go-digest"
)

func dfVerb() *verb {
	var verbose bool
	var format string
	return &verb{
		name: "df", group: groupStore, usage: "[OPTIONS]",
		summary: "Show how much of the disk the store takes",
		long:    "Every blob counts once. With --verbose a row for each image says how many of its bytes other images need too. RECLAIMABLE is what prune -a would free.",
		examples: []example{
			{"The whole store", "imgtool df"},
			{"Image by image", "imgtool df -v"},
		},
		flags: []flag{
			{name: "verbose", short: "v", value: &verbose, usage: "Show each image with its shared and unique bytes"},
			{name: "format", value: &format, arg: "FORMAT", words: []string{"table", "json"}, usage: "Print as table, as 'table TEMPLATE', as json, or as a Go template says"},
		},
		run: func(ctx context.Context, c *call) error { return df(ctx, c, verbose, format) },
	}
}

func df(ctx context.Context, c *call, verbose bool, format string) error {
	st, err := c.theStore()
	if err != nil {
		return err
	}
	usage, err := st.Usage(ctx)
	if err != nil {
		return err
	}
	if c.json && format == "" {
		format = jsonFormat
	}
	if !verbose {
		images := map[digest.Digest]bool{}
		for _, u := range usage.Images {
			images[u.Root.Digest] = true
		}
		return printDF(c.out, format, []dfRow{
			{kind: "Images", total: len(images), size: usage.Bytes - usage.Unreferenced, reclaimable: usage.Bytes - usage.Unreferenced},
			{kind: "Unreferenced blobs", size: usage.Unreferenced, reclaimable: usage.Unreferenced},
		})
	}
	all, err := c.openAll(ctx, place{}, "")
	if err != nil {
		return err
	}
	defer all.Close()
	var rows []imageRow
	for _, u := range usage.Images {
		top := all.graph.Node(u.Root.Digest)
		if top == nil { // removed in the meantime
			continue
		}
		row := rowOf(u.Root, top, createdOf(top))
		row.size, row.usage = u.Bytes, &imageUsage{shared: u.Shared(), unique: u.Unique}
		rows = append(rows, row)
	}
	return imageListing{format: format, usage: true, now: time.Now()}.write(c.out, rows)
}
