package command

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// imagesFlags are what images can be told.
type imagesFlags struct {
	all, quiet, digests, noTrunc bool
	filters                      []string
	format                       string
}

func imagesVerb() *verb {
	var f imagesFlags
	return &verb{
		name: "images", aliases: []string{"list"}, group: groupStore, usage: "[OPTIONS] [PLACE|REPOSITORY[:TAG]]",
		summary: "List the images of the store, an archive or a layout",
		long: `Lists a row for each name, newest first. SIZE is the bytes of the layers as they are stored; of an index, of all its images that are here. A tag alone, as layouts have it, is shown with the repository <none>.

The filters are dangling=true|false, label=KEY[=VALUE], before=IMAGE, since=IMAGE and reference=PATTERN.`,
		examples: []example{
			{"List the store", "imgtool images"},
			{"See what is in an archive", "imgtool images app.tar"},
			{"The IDs of all images without a name", "imgtool images -q -f dangling=true"},
		},
		exits: []int{exitNotFound, exitDamaged},
		flags: []flag{
			{name: "all", short: "a", value: &f.all, usage: "Show artifacts too, such as signatures and charts"},
			{name: "quiet", short: "q", value: &f.quiet, usage: "Show IDs only"},
			{name: "digests", value: &f.digests, usage: "Show digests"},
			{name: "no-trunc", value: &f.noTrunc, usage: "Show whole IDs"},
			{name: "filter", short: "f", value: &f.filters, arg: "KEY=VALUE", usage: "Show only images that fit (may be repeated)"},
			{name: "format", value: &f.format, arg: "FORMAT", words: []string{"table", "json"}, usage: "Print as table, as 'table TEMPLATE', as json, or as a Go template says"},
		},
		max: 1, complete: places,
		run: func(ctx context.Context, c *call) error { return listImages(ctx, c, &f) },
	}
}

func listImages(ctx context.Context, c *call, f *imagesFlags) error {
	filter, err := parseFilters(f.filters)
	if err != nil {
		return err
	}
	var p place
	if len(c.args) > 0 {
		if p = parsePlace(c.args[0]); p.inStore() { // docker images REPOSITORY[:TAG]
			filter.references = append(filter.references, p.selector)
			p.selector = ""
		}
	}
	all, err := c.openAll(ctx, p, "")
	if err != nil {
		return err
	}
	defer all.Close()
	if p.selector != "" {
		roots, err := all.find(all.graph, p.selector)
		if err != nil {
			return at(p.typed, err)
		}
		all.graph, _ = image.Walk(ctx, all, roots) // its error is in the nodes
	}
	err = filter.resolve(func(ref string) (*time.Time, error) {
		roots, err := all.find(all.graph, ref)
		if err != nil {
			return nil, err
		}
		return createdOf(all.graph.Node(roots[0].Digest)), nil
	})
	if err != nil {
		return err
	}
	if c.json && f.format == "" {
		f.format = jsonFormat
	}
	l := imageListing{format: f.format, noTrunc: f.noTrunc, quiet: f.quiet, digests: f.digests, now: time.Now()}
	return l.write(c.out, all.rows(filter, f.all))
}

// rows returns a row for each root that fits, newest first.
func (s *selection) rows(filter *imageFilter, artifacts bool) []imageRow {
	var rows []imageRow
	for i, r := range s.graph.Roots {
		top := s.graph.Tops[i]
		n := image.Pick(top, image.Host(), true)
		if n == nil && !artifacts && len(image.Images(top)) == 0 && !top.Missing && top.Err == nil {
			continue
		}
		c := candidate{name: r.Name, tag: r.Tag(), created: createdOf(top), labels: labelsOf(n)}
		if filter.keep(c) {
			rows = append(rows, rowOf(r, top, c.created))
		}
	}
	slices.SortStableFunc(rows, func(a, b imageRow) int { return cmp.Compare(unix(b.created), unix(a.created)) })
	return rows
}

func unix(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixNano()
}

func rowOf(r image.Root, top *image.Node, created *time.Time) imageRow {
	row := imageRow{tag: r.Tag(), digest: r.Digest, id: digest.Digest(imageID(top)), created: created, size: layerBytes(top)}
	if r.Name != "" {
		row.repository, row.tag = r.Name.Repository(), r.Name.Tag()
	}
	if row.id == "" {
		row.id = r.Digest
	}
	return row
}

// layerBytes returns the bytes of all layers below a node that are here, each blob once.
func layerBytes(top *image.Node) int64 {
	var n int64
	seen := map[digest.Digest]bool{}
	for _, im := range image.Below(top) {
		if im.Manifest == nil {
			continue
		}
		for _, d := range im.Absent {
			seen[d.Digest] = true
		}
		for _, d := range append(slices.Clone(im.Manifest.Layers), im.Manifest.Blobs...) {
			if !seen[d.Digest] {
				seen[d.Digest] = true
				n += d.Size
			}
		}
	}
	return n
}

// createdOf returns when the image that stands for a node was made, if its config says so.
func createdOf(top *image.Node) *time.Time {
	if top == nil {
		return nil
	}
	n := image.Pick(top, image.Host(), true)
	if n == nil || n.Config == nil {
		return nil
	}
	return n.Config.Created
}

func labelsOf(n *image.Node) map[string]string {
	if n == nil || n.Config == nil {
		return nil
	}
	var config struct{ Labels map[string]string }
	if len(n.Config.Config) == 0 || json.Unmarshal(n.Config.Config, &config) != nil {
		return nil
	}
	return config.Labels
}
