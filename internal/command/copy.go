package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/imgtool/imgtool/convert"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/atomicfile"
	"github.com/imgtool/imgtool/layer"
)

// jobs is how many blobs are dealt with at a time. Two keep two cores busy, and the memory flat whatever the machine has.
const jobs = 2

// copyOptions says how a graph is copied.
type copyOptions struct {
	title string // of the progress
	jobs  int    // 1 where the order of blobs matters
	trust bool   // do not look inside layers

	checked func(image.Descriptor) bool // which layers were looked into already; nil: none
}

// copyGraph copies what a graph reaches and shows the progress.
func (c *call) copyGraph(ctx context.Context, dst image.Txn, src image.Source, g *image.Graph, opts copyOptions) error {
	copying := image.CopyOptions{Jobs: opts.jobs}
	if !opts.trust {
		check, err := layer.Checks(g, c.limits())
		if err != nil {
			return err
		}
		copying.Check = func(d image.Descriptor) io.WriteCloser {
			if opts.checked != nil && opts.checked(d) {
				return nil
			}
			return check(d)
		}
	}
	p := c.progress(opts.title, total(g.Blobs()))
	defer p.end()
	copying.Progress = p.add
	return image.Copy(ctx, dst, src, g, copying)
}

// total returns the bytes of blobs.
func total(blobs []image.Descriptor) int64 {
	var n int64
	for _, d := range blobs {
		n += d.Size
	}
	return n
}

// temp returns a function that makes unlinked temporary files in a directory, "" being $TMPDIR.
func (c *call) temp(dir string) func() (*os.File, error) {
	if dir == "" {
		dir = c.env("TMPDIR")
	}
	return func() (*os.File, error) { return atomicfile.Temp(dir) }
}

// scratch returns a place for blobs that are made on the way. The caller closes it.
func (c *call) scratch(dir string) *image.Scratch { return image.NewScratch(c.temp(dir)) }

// warner returns a function that prints warnings.
func (c *call) warner() func(string) { return func(text string) { c.warn("%s", text) } }

// tellChanges reports which documents became others.
func (c *call) tellChanges(changes []convert.Change) {
	for _, ch := range changes {
		c.note("%s -> %s", ch.Old, ch.New)
	}
}

// printJSON prints a result as one line of JSON.
func (c *call) printJSON(v any) {
	raw, err := image.Encode(v)
	if err != nil {
		raw = fmt.Appendf(nil, "%q", err.Error()) // our own structs always encode
	}
	c.out.Write(append(raw, '\n'))
}

// parsePlatforms reads the values of --platform, each of which may list several with commas. Without any there is nothing
// that --sparse could leave out.
func parsePlatforms(values []string, sparse bool) ([]image.Platform, error) {
	var all []image.Platform
	for _, v := range splitCommas(values) {
		p, err := image.ParsePlatform(v)
		if err != nil {
			return nil, usageError{err}
		}
		all = append(all, p)
	}
	if sparse && len(all) == 0 {
		return nil, usagef("flag --sparse: needs --platform")
	}
	return all, nil
}

// splitCommas returns the parts of values that may each be a list with commas.
func splitCommas(values []string) []string {
	var all []string
	for _, v := range values {
		all = append(all, strings.Split(v, ",")...)
	}
	return all
}

// sourceDate returns the time that SOURCE_DATE_EPOCH gives to what is made; the zero time if it is not set.
func (c *call) sourceDate() (time.Time, error) {
	s := c.env("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, usagef("SOURCE_DATE_EPOCH: %q is not a number of seconds since 1970", s)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
