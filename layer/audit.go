package layer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
)

// AuditOptions says how [Audit] goes about its work.
type AuditOptions struct {
	Limits   compression.Limits
	Jobs     int // blobs read at a time; 0 is 1
	Progress func(d image.Descriptor, n int64)

	// MediaTypes makes a layer a defect whose media type speaks of another compression than it has. Most readers do not
	// mind, and neither do load and convert.
	MediaTypes bool
}

// Report is what an audit found.
type Report struct {
	Defects []error // what is wrong, documents first; each matches [image.ErrDamaged] or [image.ErrMissing], or is of reading
	Absent  int     // manifests that sparse indexes list and that are not here: no defects
	Images  int     // whole images seen
	Blobs   int     // blobs read
	Bytes   int64   // their bytes
}

// Audit reads everything that the roots reach, and compares every digest, size, diff ID, media type and reference and the
// tar of every layer. It goes on behind a defect. The error says that the audit could not be done; what it found so far
// is in the report.
func Audit(ctx context.Context, src image.Source, roots []image.Root, opts AuditOptions) (*Report, error) {
	g, _ := image.Walk(ctx, src, roots) // its error is in the nodes
	if err := ctx.Err(); err != nil {
		return &Report{}, err
	}
	r := &Report{}
	r.documents(g)
	if opts.MediaTypes {
		r.mediaTypes(ctx, src, g)
	}
	check, err := Checks(g, opts.Limits)
	if err != nil {
		r.Defects = append(r.Defects, err)
		check = func(image.Descriptor) io.WriteCloser { return nil }
	}
	return r, r.blobs(ctx, src, g, check, opts)
}

// mediaTypes notes the layers whose media type is wrong.
func (r *Report) mediaTypes(ctx context.Context, src image.Source, g *image.Graph) {
	layers, _ := g.Layers() // its error is that of Checks
	for _, l := range layers {
		if err := fitsMediaType(ctx, src, l); err != nil {
			r.Defects = append(r.Defects, err)
		}
	}
}

// documents notes what the graph shows.
func (r *Report) documents(g *image.Graph) {
	seen := map[string]bool{}
	for _, n := range g.All() {
		switch {
		case n.Err != nil:
			if s := n.Err.Error(); !seen[s] {
				seen[s] = true
				r.Defects = append(r.Defects, n.Err)
			}
		case n.Missing:
			r.Absent++
		case n.Whole():
			if n.Kind == image.KindImage {
				r.Images++
			}
		default:
			for _, d := range n.Absent {
				if len(d.URLs) == 0 {
					r.Defects = append(r.Defects, fmt.Errorf("manifest %s: blob %s: %w", n.Descriptor.Digest, d.Digest, image.ErrMissing))
				}
			}
		}
	}
	for i := range g.Tops { // a manifest that is not here matters only where nothing else makes up for it
		if _, err := g.RequireRoot(i); err != nil && !slices.ContainsFunc(r.Defects, func(d error) bool { return errors.Is(d, image.ErrMissing) }) {
			r.Defects = append(r.Defects, err)
		}
	}
}

// blobs reads every blob of the graph that is here.
func (r *Report) blobs(ctx context.Context, src image.Source, g *image.Graph, check func(image.Descriptor) io.WriteCloser, opts AuditOptions) error {
	blobs := g.Blobs()
	order := make([]int, len(blobs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(blobs[b].Size, blobs[a].Size) })
	found := make([]error, len(blobs)) // in the order of the graph, whatever the order of reading
	var mu sync.Mutex
	group := errgroup.Group{}
	group.SetLimit(max(opts.Jobs, 1))
	for _, i := range order {
		group.Go(func() error {
			err := auditBlob(ctx, src, blobs[i], check, opts.Progress)
			mu.Lock()
			defer mu.Unlock()
			r.Blobs++
			r.Bytes += blobs[i].Size
			found[i] = err
			return nil
		})
	}
	_ = group.Wait() // they all return nil
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, err := range found {
		if err != nil && !r.has(err) {
			r.Defects = append(r.Defects, err)
		}
	}
	return nil
}

// has reports whether a defect is told already; a damaged document is found when it is parsed and when it is read.
func (r *Report) has(err error) bool {
	return slices.ContainsFunc(r.Defects, func(d error) bool { return d.Error() == err.Error() })
}

func auditBlob(ctx context.Context, src image.Source, d image.Descriptor, check func(image.Descriptor) io.WriteCloser, progress func(image.Descriptor, int64)) error {
	blob, err := src.Open(ctx, d)
	if err != nil {
		return err
	}
	defer blob.Close()
	w := check(d)
	var r io.Reader = &watched{ctx: ctx, r: blob.Reader(), d: d, progress: progress}
	if w != nil {
		r = io.TeeReader(r, tolerant{w})
	}
	err = image.VerifyReader(r, d)
	if w == nil {
		return err
	}
	checked := w.Close()
	if err != nil || checked == nil {
		return err
	}
	return fmt.Errorf("blob %s: %w", d.Digest, checked)
}

// tolerant is a writer whose failure does not stop the others: its Close tells.
type tolerant struct{ w io.Writer }

func (t tolerant) Write(p []byte) (int, error) {
	_, _ = t.w.Write(p) // told by Close
	return len(p), nil
}

// watched is a reader that ends with its context and tells the progress.
type watched struct {
	ctx      context.Context //nolint:containedctx // a watched reader lives as long as one blob is read
	r        io.Reader
	d        image.Descriptor
	progress func(image.Descriptor, int64)
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.r.Read(p)
	if w.progress != nil && n > 0 {
		w.progress(w.d, int64(n))
	}
	return n, err
}

// Kind returns the worst of the defects' kinds: [image.ErrDamaged], else [image.ErrMissing], else any of them, or nil.
func (r *Report) Kind() error {
	var missing, other error
	for _, d := range r.Defects {
		switch {
		case errors.Is(d, image.ErrDamaged):
			return image.ErrDamaged
		case errors.Is(d, image.ErrMissing):
			missing = image.ErrMissing
		default:
			other = d
		}
	}
	if other != nil {
		return other
	}
	return missing
}

// Worst returns the first defect of the worst kind, or nil.
func (r *Report) Worst() error {
	kind := r.Kind()
	for _, d := range r.Defects {
		if errors.Is(d, kind) {
			return d
		}
	}
	return kind
}
