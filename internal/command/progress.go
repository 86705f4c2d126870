package command

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/docker/go-units"
	"github.com/opencontainers/go-digest"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/imgtool/imgtool/image"
)

// The values of --progress.
const (
	progressAuto  = "auto"  // a bar on a terminal, else nothing
	progressPlain = "plain" // a line for each blob that is done
	progressNone  = "none"
)

func validProgress(mode string) bool {
	return slices.Contains([]string{progressAuto, progressPlain, progressNone}, mode)
}

// progressDelay is how long work goes on before a bar is shown.
const progressDelay = 300 * time.Millisecond

// progress tells how far a verb has got with its bytes. The zero value and nil show nothing.
type progress struct {
	what  string
	mode  string
	total int64
	err   io.Writer
	start time.Time

	mu   sync.Mutex
	done int64
	left map[digest.Digest]int64 // of each blob that was begun
	mpb  *mpb.Progress           // nil until progressDelay has passed
	bar  *mpb.Bar
}

// progress begins to show how far work on total bytes has got. The caller tells it with add and ends it with end; the
// end of the command ends it too.
func (c *call) progress(what string, total int64) *progress {
	p := &progress{what: what, mode: c.progressMode, total: total, err: c.std.Err, start: time.Now(), left: map[digest.Digest]int64{}}
	switch {
	case c.quiet != nil && *c.quiet, p.mode == progressAuto && (!isTerminal(c.std.Err) || c.env("TERM") == "dumb"):
		p.mode = progressNone
	}
	c.closeProgress()
	c.mu.Lock()
	c.bars = p
	c.mu.Unlock()
	return p
}

// closeProgress takes what is shown off the terminal.
func (c *call) closeProgress() {
	c.mu.Lock()
	p := c.bars
	c.bars = nil
	c.mu.Unlock()
	p.end()
}

// add says that n more bytes of a blob have been dealt with. It is safe for concurrent use, and fits
// image.CopyOptions.Progress.
func (p *progress) add(d image.Descriptor, n int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == progressNone {
		return
	}
	p.done += n
	if _, begun := p.left[d.Digest]; !begun {
		p.left[d.Digest] = d.Size
	}
	p.left[d.Digest] -= n
	if p.mode == progressPlain {
		if p.left[d.Digest] == 0 {
			fmt.Fprintf(p.err, "%s %s %s\n", p.what, shortID(d.Digest), units.HumanSizeWithPrecision(float64(d.Size), 3))
		}
		return
	}
	if p.bar == nil && time.Since(p.start) >= progressDelay {
		p.show()
	}
	if p.bar != nil {
		p.bar.SetCurrent(max(0, min(p.done, p.total-1))) // end completes it
	}
}

// show puts the bar on the terminal.
func (p *progress) show() {
	p.mpb = mpb.New(mpb.WithOutput(p.err), mpb.WithWidth(40), mpb.WithAutoRefresh())
	p.bar = p.mpb.New(p.total, mpb.BarStyle(), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(p.what+" "), decor.CountersKiloByte("% .1f / % .1f")),
		mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.AverageSpeed(decor.SizeB1000(0), "% .1f")),
	)
}

// write puts a line above the bar. It reports false if there is no bar.
func (p *progress) write(line string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mpb == nil {
		return false
	}
	_, err := io.WriteString(p.mpb, line)
	return err == nil
}

// end takes the bar off the terminal. It may be called several times.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = progressNone
	if p.mpb != nil {
		p.bar.Abort(true)
		p.mpb.Wait()
		p.mpb, p.bar = nil, nil
	}
}
