package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

const blobsDir = ocispec.ImageBlobsDir

// blobPath returns where a blob lies. Only a valid digest has a path.
func blobPath(d digest.Digest) (string, error) {
	if err := image.ValidDigest(d); err != nil {
		return "", err
	}
	return blobsDir + "/" + d.Algorithm().String() + "/" + d.Encoded(), nil
}

func hasBlob(ctx context.Context, fsys fs.FS, d image.Descriptor) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	name, err := resolve(fsys, d)
	if err != nil {
		return false, err
	}
	err = checkRegular(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func openBlob(ctx context.Context, fsys fs.FS, d image.Descriptor) (*image.Blob, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, err := resolve(fsys, d)
	if err != nil {
		return nil, err
	}
	f, info, err := openRegular(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, image.Missingf("open blob %s: %w", d.Digest, image.ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	r, ok := f.(io.ReaderAt)
	if !ok {
		_ = f.Close()
		return nil, fmt.Errorf("open %s: the file system has no random access", name)
	}
	return image.NewBlob(r, info.Size(), f.Close), nil
}

// openRegular opens a regular file. It looks before it opens, because opening a fifo would wait for a writer.
func openRegular(fsys fs.FS, name string) (fs.File, fs.FileInfo, error) {
	if err := checkRegular(fsys, name); err != nil {
		return nil, nil, err
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, nil, accessError(name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = image.Damagef("open %s: not a regular file", name)
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// checkRegular returns nil for the name of a regular file.
func checkRegular(fsys fs.FS, name string) error {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return accessError(name, err)
	}
	if !info.Mode().IsRegular() {
		return image.Damagef("open %s: not a regular file", name)
	}
	return nil
}

// accessError tells damage from failure: what the system reports is a failure, unless the layout brought it about; what
// a file system refuses by itself, such as a symbolic link that leads out of it, is the layout's doing.
func accessError(name string, err error) error {
	var errno syscall.Errno
	system := errors.As(err, &errno) && errno != syscall.ENOTDIR && errno != syscall.ELOOP
	for _, kind := range []error{fs.ErrNotExist, fs.ErrPermission, fs.ErrClosed, image.ErrDamaged} {
		system = system || errors.Is(err, kind)
	}
	if system {
		return fmt.Errorf("open %s: %w", name, err)
	}
	return image.Damagef("open %s: %w", name, err)
}
