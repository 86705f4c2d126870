package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/atomicfile"
	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/store"
	"github.com/imgtool/imgtool/tarball"
)

// A source is an opened place. The caller closes it.
type source struct {
	image.Source

	place   place
	store   *store.Store     // if the place is the store
	archive *tarball.Archive // otherwise
	closers []func() error
}

func (s *source) Close() error {
	var first error
	for _, c := range s.closers {
		if err := c(); err != nil && first == nil {
			first = err
		}
	}
	s.closers = nil
	return first
}

// openPlace opens the store, an archive, a directory, or standard input. What cannot be read at random is first copied to
// an unlinked temporary file in scratchDir ("" is $TMPDIR).
func (c *call) openPlace(ctx context.Context, p place, scratchDir string) (*source, error) {
	src := &source{place: p}
	var err error
	if p.inStore() {
		err = c.openStore(src)
	} else {
		err = c.openArchive(ctx, src, scratchDir)
	}
	if err != nil {
		src.Close()
		return nil, at(p.typed, err)
	}
	return src, nil
}

func (c *call) openStore(src *source) error {
	st, err := c.theStore()
	if err != nil {
		return err
	}
	src.Source, src.store = st, st
	return nil
}

// theStore opens the user's store.
func (c *call) theStore() (*store.Store, error) {
	dir, err := c.storeDir()
	if err != nil {
		return nil, err
	}
	return store.Open(dir, store.Options{Warn: func(text string) { c.warn("%s", text) }})
}

func (c *call) openArchive(ctx context.Context, src *source, scratchDir string) error {
	fsys, err := c.openFS(ctx, src, scratchDir)
	if err != nil {
		return err
	}
	if err := src.place.forced(fsys); err != nil {
		return err
	}
	src.archive, err = tarball.Open(ctx, fsys, tarball.Options{
		Warn: func(text string) { c.warn("%s: %s", src.place.typed, text) }, Limits: c.limits(),
	})
	if err != nil {
		return noImageHint(err)
	}
	src.Source = src.archive
	return nil
}

// forced returns an error if the place was spelled with a transport whose files are not there.
func (p place) forced(fsys fs.FS) error {
	wanted := map[transport][]string{
		dockerArchive: {"manifest.json", "repositories"}, dockerDir: {"manifest.json", "repositories"},
		ociArchive: {"index.json"}, ociDir: {"index.json"},
	}[p.transport]
	for _, name := range wanted {
		if _, err := fs.Stat(fsys, name); err == nil {
			return nil
		}
	}
	if wanted == nil {
		return nil
	}
	return image.NotFoundf("no %s in it, so it is no %s", wanted[0], p.transport)
}

// noImageHint tells what to do with an archive that holds no image.
func noImageHint(err error) error {
	if errors.Is(err, image.ErrNotFound) {
		return hintf(err, "a root file system is not an image archive; neither is one that was cut off before its index")
	}
	return err
}

// openFS opens a path as a tree of files.
func (c *call) openFS(ctx context.Context, src *source, scratchDir string) (fs.FS, error) {
	f, info, err := c.openInput(src.place.path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		f.Close()
		root, err := os.OpenRoot(src.place.path)
		if err != nil {
			return nil, cause(err)
		}
		src.closers = append(src.closers, root.Close)
		return root.FS(), nil
	}
	stream, format, err := detect(waiting(ctx, f))
	if err != nil {
		f.Close()
		return nil, err
	}
	if format == compression.None && info.Mode().IsRegular() {
		src.closers = append(src.closers, f.Close)
		return tarFS(f, info.Size(), c.limits())
	}
	defer f.Close()
	return c.spool(ctx, src, stream, format, scratchDir)
}

// openInput opens a file, a directory or standard input, which is refused if it is a terminal.
func (c *call) openInput(path string) (*os.File, fs.FileInfo, error) {
	if path == stdStream {
		f, ok := c.std.In.(*os.File)
		if !ok {
			return nil, nil, usagef("standard input is not a file")
		}
		if isTerminal(f) {
			return nil, nil, hintf(usagef("will not read an archive from a terminal"), "name a file, or pipe an archive into it")
		}
		info, err := f.Stat()
		return f, info, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, hintBareWord(path, cause(err))
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, cause(err)
	}
	return f, info, nil
}

func hintBareWord(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open archive: %w", err)
	}
	return fmt.Errorf("open %s: %w", path, err)
}

// detect tells how a file is compressed, and returns a reader of all of it.
func detect(f io.Reader) (io.Reader, compression.Format, error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, compression.None, cause(err)
	}
	head = head[:n]
	if err := foreign(head); err != nil {
		return nil, compression.None, err
	}
	return &headed{head: head, rest: f}, compression.Detect(head), nil
}

// headed is a reader of a file whose beginning has been read.
type headed struct {
	head []byte
	rest io.Reader
}

func (h *headed) Read(p []byte) (int, error) {
	if len(h.head) > 0 {
		n := copy(p, h.head)
		h.head = h.head[n:]
		return n, nil
	}
	return h.rest.Read(p)
}

// tarFS indexes a plain archive. The holes of its sparse members count as what it expands to.
func tarFS(r io.ReaderAt, size int64, limits compression.Limits) (fs.FS, error) {
	fsys, err := tarfs.Open(r, size)
	if err == nil {
		logical, stored := fsys.Sparse()
		err = checkSparse(logical, stored, limits)
	}
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	return fsys, nil
}

// spool copies a stream to an unlinked temporary file, decompressed.
func (c *call) spool(ctx context.Context, src *source, r io.Reader, format compression.Format, dir string) (fs.FS, error) {
	plain, err := compression.NewReader(&interruptible{ctx, r}, format, c.limits())
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	defer plain.Close()
	if dir == "" {
		dir = c.env("TMPDIR")
	}
	temp, err := atomicfile.Temp(dir)
	if err != nil {
		return nil, err
	}
	src.closers = append(src.closers, temp.Close)
	n, err := io.CopyBuffer(struct{ io.Writer }{temp}, struct{ io.Reader }{plain}, make([]byte, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	return tarFS(temp, n, c.limits())
}

// interruptible is a reader that ends with its context.
type interruptible struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
