package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/imgtool/imgtool/image"
)

// DirOptions says how a directory is written to. The zero value is for a layout that is an output.
type DirOptions struct {
	// State is the path of a folder in the directory that holds the lock and the staging folders; it exists before the
	// first transaction. Without it the lock is on the directory itself, staging folders lie at its top, and none of
	// this remains when a transaction has ended.
	State string
}

// Dir is a directory that is an OCI image layout, or becomes one by the first transaction. It is an [image.Source] and
// an [image.Sink], and keeps nothing open. One that does not exist, or is empty, has no roots.
type Dir struct {
	path string
	opts DirOptions
	// private is a directory that nobody else knows of.
	private bool
}

// OpenDir returns the layout in a directory. Nothing is read, made or checked.
func OpenDir(dir string, opts DirOptions) *Dir {
	return &Dir{path: filepath.Clean(dir), opts: opts}
}

// Roots returns the descriptors of index.json in their order.
func (d *Dir) Roots(context.Context) ([]image.Root, error) {
	root, err := os.OpenRoot(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	x, err := currentIndex(root)
	if err != nil {
		return nil, err
	}
	return x.roots, nil
}

// Has reports whether there is a file for the blob.
func (d *Dir) Has(ctx context.Context, desc image.Descriptor) (bool, error) {
	root, err := os.OpenRoot(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer root.Close()
	return hasBlob(ctx, root.FS(), desc)
}

// Open opens the blob's file, which must be a regular one.
func (d *Dir) Open(ctx context.Context, desc image.Descriptor) (*image.Blob, error) {
	root, err := os.OpenRoot(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, image.Missingf("open blob %s: %w", desc.Digest, image.ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return openBlob(ctx, root.FS(), desc)
}

// currentIndex returns index.json, or that of a layout that has none yet.
func currentIndex(root *os.Root) (*index, error) {
	if _, err := checkVersion(root.FS()); err != nil {
		return nil, fmt.Errorf("read %s: %w", root.Name(), err)
	}
	x, err := readIndex(root.FS())
	if errors.Is(err, fs.ErrNotExist) {
		return newIndex()
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", root.Name(), err)
	}
	return x, nil
}

// lock takes the lock of the layout. Closing the file gives it back.
func (d *Dir) lock(ctx context.Context, root *os.Root) (*os.File, error) {
	f, err := d.openLock(root)
	if err != nil || d.private {
		return f, err
	}
	if err := waitLock(ctx, f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (d *Dir) openLock(root *os.Root) (*os.File, error) {
	if d.opts.State == "" {
		return root.Open(".")
	}
	f, err := root.OpenFile(d.opts.State+"/lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", d.path, err)
	}
	return f, nil
}

// stagingPrefix is what the paths of all staging folders of the layout begin with.
func (d *Dir) stagingPrefix() string {
	if d.opts.State == "" {
		return plainPrefix
	}
	return d.opts.State + "/staging/"
}

// Update changes the roots by a function of those that are there, under the lock. Blobs stay as they are; nothing is
// written if the roots stay as they are too.
func (d *Dir) Update(ctx context.Context, edit func(old []image.Root) ([]image.Root, error)) error {
	_, err := d.Collect(ctx, CollectOptions{Edit: edit, KeepBlobs: true})
	return err
}

// WriteFile replaces a file beside the layout's own, such as one in the state folder, by way of a staging folder.
func (d *Dir) WriteFile(name string, raw []byte, mode fs.FileMode) error {
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return err
	}
	defer root.Close()
	s, err := newStaging(root, d.stagingPrefix())
	if err != nil {
		return err
	}
	err = s.writeFile(name, raw, mode)
	if err == nil {
		err = syncDir(root, path.Dir(name))
	}
	return errors.Join(err, s.remove())
}

// writeIndex replaces index.json, and makes the layout one if it is none. It is the last step of every change.
func writeIndex(s *staging, x *index, roots []image.Root) error {
	raw, err := x.encode(roots)
	if err != nil {
		return err
	}
	if err := writeVersion(s); err != nil {
		return err
	}
	if err := s.writeFile(indexFile, raw, 0o644); err != nil {
		return err
	}
	return syncDir(s.root, ".")
}

// isStaging reports whether a name at the top of a layout is that of a staging folder.
func isStaging(name string) bool { return strings.HasPrefix(name, plainPrefix) }
