package tarball

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// Format is a form in which a [Writer] writes an archive.
type Format int

// The forms of archives. The third, that of docker before 25, is written by [WriteV1].
const (
	// FormatDocker is an OCI layout with manifest.json and repositories over the same blobs: what docker from 1.10,
	// containerd, podman, skopeo and crane load.
	FormatDocker Format = iota
	// FormatOCI is an OCI layout and nothing else.
	FormatOCI
)

// WriterOptions says how an archive is written. The zero value is useful.
type WriterOptions struct {
	Format  Format
	Warn    func(string)   // told, once each, what a common reader cannot take; may be nil
	Host    image.Platform // whose image, of several under one name, has the name in manifest.json; if none, the first
	ModTime time.Time      // of all members; zero: 1970, or, for WriteV1, when each image was created
}

func (o WriterOptions) warn(format string, args ...any) {
	if o.Warn != nil {
		o.Warn(fmt.Sprintf(format, args...))
	}
}

// Writer writes images into a tar archive. It is an [image.Txn] whose Put writes at once: a blob is a member
// blobs/<algorithm>/<hex>, in the order of the calls, so that equal calls give equal bytes. What lists them stands at
// the end. Members have owner 0, one time and USTAR headers, PAX only above 8 GiB.
type Writer struct {
	opts    WriterOptions
	entries entryWriter

	mu    sync.Mutex
	blobs keptBlobs
	dirs  map[string]bool
	err   error // what made the archive unusable, or that it is complete
}

var (
	errComplete = errors.New("write archive: it is complete")
	errClosed   = errors.New("write archive: it is closed")
)

// NewWriter returns a writer of an archive to w, which may be a pipe and is not closed.
func NewWriter(w io.Writer, opts WriterOptions) *Writer {
	return &Writer{
		opts:    opts,
		entries: newEntryWriter(w, false),
		blobs:   newKeptBlobs(),
		dirs:    map[string]bool{},
	}
}

// Put writes a blob, unless it stands in the archive already, and checks its size and digest as it passes. After an
// error that left a member unfinished every later call returns that error.
func (w *Writer) Put(ctx context.Context, d image.Descriptor, r io.Reader) error {
	if err := image.ValidDescriptor(d); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if size, ok := w.blobs.sizes[d.Digest]; ok {
		if size != d.Size {
			return image.Damagef("blob %s: size is %d, should be %d", d.Digest, size, d.Size)
		}
		return nil
	}
	if worthKeeping(d) {
		raw, err := readAll(r, d)
		if err != nil {
			return err
		}
		w.blobs.keep(d, raw)
		r = bytes.NewReader(raw)
	}
	w.err = w.put(ctx, d, r)
	return w.err
}

func (w *Writer) put(ctx context.Context, d image.Descriptor, r io.Reader) error {
	if err := w.makeDirs(d.Digest); err != nil {
		return err
	}
	if err := w.entries.blob(ctx, blobName(d.Digest), d, r, w.time()); err != nil {
		return err
	}
	w.blobs.sizes[d.Digest] = d.Size
	return nil
}

// makeDirs writes the directories that a blob stands in, each before its first blob.
func (w *Writer) makeDirs(d digest.Digest) error {
	for _, dir := range []string{"blobs/", "blobs/" + d.Algorithm().String() + "/"} {
		if w.dirs[dir] {
			continue
		}
		if err := w.entries.dir(dir, w.time()); err != nil {
			return err
		}
		w.dirs[dir] = true
	}
	return nil
}

// Commit writes the documents that list the roots, and the end of the archive. Every root has to have been put.
func (w *Writer) Commit(ctx context.Context, roots []image.Root) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if err := w.finish(ctx, roots); err != nil {
		w.err = err
		return err
	}
	w.err = errComplete
	return nil
}

func (w *Writer) finish(ctx context.Context, roots []image.Root) error {
	for _, r := range roots {
		if _, ok := w.blobs.sizes[r.Digest]; !ok {
			return image.Missingf("write index.json: root %s is not in the archive", r.Digest)
		}
	}
	g, _ := image.Walk(ctx, &w.blobs, roots) // documents that cannot be used are carried as blobs
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := w.makeDirs(digest.SHA256.FromString("")); err != nil { // a layout without blobs has the directory too
		return err
	}
	documents, err := listing(g, w.opts)
	if err != nil {
		return err
	}
	for _, doc := range documents {
		if err := w.entries.file(doc.name, doc.raw, w.time()); err != nil {
			return err
		}
	}
	return w.entries.close()
}

// Close gives up an archive that is not complete. What was written of it has no end and is no archive.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = errClosed
	}
	w.blobs = keptBlobs{}
	return nil
}

func (w *Writer) time() time.Time {
	if w.opts.ModTime.IsZero() {
		return time.Unix(0, 0)
	}
	return w.opts.ModTime
}

func blobName(d digest.Digest) string {
	return "blobs/" + d.Algorithm().String() + "/" + d.Encoded()
}
