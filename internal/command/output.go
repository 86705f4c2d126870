package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/atomicfile"
	"github.com/imgtool/imgtool/layout"
	"github.com/imgtool/imgtool/store"
	"github.com/imgtool/imgtool/tarball"
)

// A format is what an archive is written as.
type format string

// The formats, as --format spells them.
const (
	formatDocker   format = "docker"
	formatOCI      format = "oci"
	formatDockerV1 format = "docker-v1"
)

// formatNames are the values of --format.
var formatNames = []string{string(formatDocker), string(formatOCI), string(formatDockerV1)}

// An output is where save and convert write to, and in which form.
type output struct {
	place  place
	format format
	whole  compression.Spec // of the whole file
	dir    bool             // an OCI layout as a directory
}

// parseOutput decides the form of an output by --format, else by transport and suffix.
func parseOutput(p place, name string, gzip bool) (output, error) {
	o := output{place: p, format: formatDocker}
	lower := strings.ToLower(p.path)
	directory := p.isDirName() || p.transport == noTransport && isDir(p.path)
	switch {
	case p.transport == ociDir, p.transport == ociArchive, strings.HasSuffix(lower, ".oci"), directory:
		o.format = formatOCI
	case p.transport == dockerDir:
		return o, usagef("%s: cannot be written: docker archives are files", p.typed)
	}
	if name != "" {
		if !slices.Contains(formatNames, name) {
			return o, usagef("flag --format: %q is not %s", name, strings.Join(formatNames, ", "))
		}
		if format(name) != o.format && (p.transport != noTransport && format(name) != formatDockerV1 || directory) {
			return o, usagef("%s: cannot be written as %s", p.typed, name)
		}
		o.format = format(name)
	}
	o.dir = o.format == formatOCI && p.transport != ociArchive && (p.transport == ociDir || directory)
	switch {
	case o.dir && gzip:
		return o, usagef("a directory cannot be compressed")
	case o.dir:
	case strings.HasSuffix(lower, ".tar.gz"), strings.HasSuffix(lower, ".tgz"), gzip && !strings.HasSuffix(lower, ".tar.zst"):
		o.whole.Format = compression.Gzip
	case strings.HasSuffix(lower, ".tar.zst"):
		o.whole.Format = compression.Zstd
	case strings.HasSuffix(lower, ".tar.xz"), strings.HasSuffix(lower, ".tar.bz2"):
		return o, usagef("%s: xz and bzip2 are read, not written; use .tar.gz or .tar.zst", p.typed)
	}
	return o, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return path != stdStream && err == nil && info.IsDir()
}

// scratchDir returns the directory for temporary data: that of the output, where the space is.
func (o output) scratchDir() string {
	if o.place.inStore() || o.place.path == stdStream {
		return ""
	}
	dir := filepath.Dir(filepath.Clean(o.place.path))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() || strings.HasPrefix(dir, "/dev") {
		return ""
	}
	return dir
}

// layers returns the compression of layers that the format needs whatever was asked for: docker-v1 has plain ones.
func (o output) layers(asked *compression.Spec) (*compression.Spec, error) {
	if o.format != formatDockerV1 || o.place.inStore() {
		return asked, nil
	}
	if asked != nil && asked.Format != compression.None {
		return nil, usagef("docker-v1 has plain layers only, not %s", asked)
	}
	return &compression.Spec{Format: compression.None}, nil
}

// parseCompression reads --compression: nil keeps layers as they are.
func parseCompression(s string) (*compression.Spec, error) {
	if s == "" || s == "keep" {
		return nil, nil
	}
	spec, err := compression.ParseSpec(s)
	if err != nil {
		return nil, usagef("flag --compression: %w", err)
	}
	return &spec, nil
}

// write writes what a graph reaches to the output, whole or not at all.
func (c *call) write(ctx context.Context, o output, src image.Source, g *image.Graph, opts copyOptions) error {
	switch {
	case o.place.inStore():
		return c.writeStore(ctx, src, g, opts)
	case o.dir:
		opts.title, opts.jobs = "Writing", jobs
		return c.writeTxn(ctx, layout.OpenDir(o.place.path, layout.DirOptions{}), src, g, opts)
	case o.place.path == stdStream:
		if isTerminal(c.std.Out) {
			return hintf(usagef("will not write an archive to a terminal"), "name a file with -o, or redirect the output")
		}
		return c.writeArchive(ctx, o, c.stream(), src, g, opts)
	}
	f, err := atomicfile.Create(o.place.path, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := c.writeArchive(ctx, o, f, src, g, opts); err != nil {
		return err
	}
	return f.Commit()
}

func (c *call) writeTxn(ctx context.Context, sink image.Sink, src image.Source, g *image.Graph, opts copyOptions) error {
	txn, err := sink.Begin(ctx)
	if err != nil {
		return err
	}
	defer txn.Close()
	if err := c.copyGraph(ctx, txn, src, g, opts); err != nil {
		return err
	}
	return txn.Commit(ctx, g.Roots)
}

func (c *call) writeStore(ctx context.Context, src image.Source, g *image.Graph, opts copyOptions) error {
	st, err := c.theStore()
	if err != nil {
		return err
	}
	txn, err := st.Begin(ctx, store.BeginOptions{})
	if err != nil {
		return err
	}
	defer txn.Close()
	opts.title, opts.jobs = "Loading", jobs
	if err := c.copyGraph(ctx, txn, src, g, opts); err != nil {
		return err
	}
	if err := txn.Commit(ctx, g.Roots); err != nil {
		return err
	}
	c.tellMoved(txn.Moved())
	c.tellLoaded(g, nil)
	return nil
}

// wholeReaders are the common programs that cannot read an archive in a compression.
var wholeReaders = map[compression.Format]string{
	compression.Gzip: "containerd 1.6 and crane",
	compression.Zstd: "docker 20.10, containerd 1.6 and crane",
}

// writeArchive writes an archive as a stream.
func (c *call) writeArchive(ctx context.Context, o output, w io.Writer, src image.Source, g *image.Graph, copying copyOptions) error {
	z, err := compression.NewWriter(w, o.whole)
	if err != nil {
		return err
	}
	if readers := wholeReaders[o.whole.Format]; readers != "" {
		c.warn("the whole file is compressed with %s: %s cannot load it", o.whole.Format, readers)
	}
	opts := tarball.WriterOptions{Warn: c.warner(), Host: image.Host()}
	if opts.ModTime, err = c.sourceDate(); err != nil {
		return err
	}
	if o.format == formatDockerV1 {
		err = tarball.WriteV1(ctx, z, src, g, opts)
	} else {
		if o.format == formatOCI {
			opts.Format = tarball.FormatOCI
		}
		copying.title, copying.jobs = "Writing", 1
		err = c.writeTxn(ctx, archiveSink{z, opts}, src, g, copying)
	}
	if err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("compress archive: %w", err)
	}
	return nil
}

// archiveSink begins one archive.
type archiveSink struct {
	w    io.Writer
	opts tarball.WriterOptions
}

func (s archiveSink) Begin(context.Context) (image.Txn, error) {
	return tarball.NewWriter(s.w, s.opts), nil
}
