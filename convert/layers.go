package convert

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layer"
)

// layerTypes are the media types of new layers.
var layerTypes = map[compression.Format]string{
	compression.None: ocispec.MediaTypeImageLayer,
	compression.Gzip: ocispec.MediaTypeImageLayerGzip,
	compression.Zstd: ocispec.MediaTypeImageLayerZstd,
}

// convertLayers compresses every layer of the wanted images anew that is not as asked for, the largest first.
func (c *converter) convertLayers(ctx context.Context, g *image.Graph) error {
	if c.opts.Layers == nil {
		return nil
	}
	layers, err := c.wantedLayers(g)
	if err != nil {
		return err
	}
	slices.SortStableFunc(layers, func(a, b image.Layer) int { return cmp.Compare(b.Size, a.Size) })
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(c.opts.Jobs, 1))
	for _, l := range layers {
		group.Go(func() error {
			d, err := c.layer(ctx, l)
			if err != nil {
				return fmt.Errorf("blob %s: %w", l.Digest, err)
			}
			mu.Lock()
			defer mu.Unlock()
			c.layers[l.Digest] = d
			return nil
		})
	}
	return group.Wait()
}

// wantedLayers returns the layers of all images that are kept, each blob once.
func (c *converter) wantedLayers(g *image.Graph) ([]image.Layer, error) {
	all, err := g.Layers()
	if err != nil {
		return nil, err
	}
	wanted := map[digest.Digest]bool{}
	for _, n := range g.All() {
		if n.Kind != image.KindImage || !n.Whole() || c.gone[n.Descriptor.Digest] || c.keep != nil && !c.keep[n.Descriptor.Digest] {
			continue
		}
		for _, l := range n.Manifest.Layers {
			wanted[l.Digest] = true
		}
	}
	return slices.DeleteFunc(all, func(l image.Layer) bool { return !wanted[l.Digest] }), nil
}

// layer returns the descriptor of a layer in the wanted compression. A layer that has it already is kept, unless a
// level was asked for.
func (c *converter) layer(ctx context.Context, l image.Layer) (image.Descriptor, error) {
	blob, err := c.src.Open(ctx, l.Descriptor)
	if err != nil {
		return image.Descriptor{}, err
	}
	defer blob.Close()
	head := make([]byte, compression.HeadSize)
	n, err := blob.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return image.Descriptor{}, err
	}
	have := layer.Format(head[:n], l)
	if have == c.opts.Layers.Format && c.opts.Layers.Level == 0 {
		return c.kept(l.Descriptor), nil
	}
	d, err := c.scratch.Write(ctx, func(w io.Writer) error { return c.recompress(ctx, w, blob, l) })
	if err != nil {
		return image.Descriptor{}, err
	}
	d.MediaType = c.layerType(l.MediaType)
	return d, nil
}

// kept returns the descriptor of a layer that stays as it is and has the wanted compression, with a media type that says
// so.
func (c *converter) kept(d image.Descriptor) image.Descriptor {
	suffix := map[compression.Format]string{compression.None: "tar", compression.Gzip: "gzip", compression.Zstd: "zstd"}
	if want := c.opts.Layers.Format; want == compression.Zstd || !strings.HasSuffix(d.MediaType, suffix[want]) {
		d.MediaType = c.layerType(d.MediaType)
	}
	return d
}

// layerType returns the media type of a new layer in the family of its old one, if that has one for it.
func (c *converter) layerType(old string) string {
	want := layerTypes[c.opts.Layers.Format]
	if old == image.MediaTypeDockerLayer || old == image.MediaTypeDockerLayerGzip {
		return translate(want, Docker)
	}
	return want
}

// recompress writes a layer's tar in the wanted compression, and checks on the way that blob and tar are what they
// should be.
func (c *converter) recompress(ctx context.Context, w io.Writer, blob *image.Blob, l image.Layer) error {
	whole := image.NewVerifier(l.Descriptor)
	in := &meter{ctx: ctx, r: io.TeeReader(blob.Reader(), whole), d: l.Descriptor, progress: c.opts.Progress}
	buffered := bufio.NewReaderSize(in, 256<<10)
	head, err := buffered.Peek(compression.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return layerError(err)
	}
	stream, err := compression.NewReader(buffered, layer.Format(head, l), c.opts.Limits)
	if err != nil {
		return layerError(err)
	}
	defer stream.Close()
	out, err := compression.NewWriter(w, *c.opts.Layers)
	if err != nil {
		return err
	}
	check := layer.CheckTar(l.DiffID)
	seen := &onlooker{w: check}
	_, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(out, seen)}, struct{ io.Reader }{stream}, make([]byte, 1<<20))
	checked := check.Close() // of a copy that failed, it has seen a part
	if err == nil {
		err = out.Close()
	}
	if err == nil {
		_, err = io.Copy(io.Discard, in)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return layerError(err)
	}
	if err := whole.Verify(); err != nil {
		return err
	}
	return checked
}

// layerError tells damage from a disk that fails or is full.
func layerError(err error) error {
	if errors.Is(err, compression.ErrCorrupt) || errors.Is(err, compression.ErrExpansion) {
		return image.Damagef("layer: %w", err)
	}
	return fmt.Errorf("layer: %w", err)
}

// onlooker is a writer that never fails: what it is given goes on to others, and when the writer behind it has had
// enough, that one says so when it is closed.
type onlooker struct {
	w   io.Writer
	err error
}

func (o *onlooker) Write(p []byte) (int, error) {
	if o.err == nil {
		_, o.err = o.w.Write(p)
	}
	return len(p), nil
}

// meter is a reader that ends with its context and tells the progress.
type meter struct {
	ctx      context.Context //nolint:containedctx // a meter lives as long as one layer's conversion
	r        io.Reader
	d        image.Descriptor
	progress func(image.Descriptor, int64)
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	if m.progress != nil && n > 0 {
		m.progress(m.d, int64(n))
	}
	return n, err
}
