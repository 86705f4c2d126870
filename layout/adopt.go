package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/imgtool/imgtool/image"
)

// adopt stages a blob that the layout has, if it is whole. It links first and reads then, so that what was read is what
// stays, whatever other commands do meanwhile.
func (t *Txn) adopt(ctx context.Context, d image.Descriptor) (whole, damaged bool, err error) {
	name, err := blobPath(d.Digest)
	if err != nil {
		return false, false, err
	}
	temporary := t.temporary()
	err = t.root.Link(name, temporary)
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	linked := err == nil
	if !linked {
		if !noLinks(err) {
			return false, false, fmt.Errorf("link %s/%s: %w", t.root.Name(), name, err)
		}
		err = t.copyOf(ctx, d, temporary)
	} else {
		err = t.check(ctx, d, temporary)
	}
	if err == nil {
		t.stageBlob(d.Digest, stagedBlob{name: temporary, size: d.Size, linked: linked})
		return true, false, nil
	}
	_ = t.root.Remove(temporary)
	switch {
	case errors.Is(err, image.ErrDamaged):
		return false, true, nil
	case errors.Is(err, image.ErrMissing):
		return false, false, nil
	}
	return false, false, err
}

// noLinks reports whether an error of link(2) says that this file cannot have another name: its file system has no
// hard links, it has too many, or it is somebody else's (fs.protected_hardlinks).
func noLinks(err error) bool {
	for _, errno := range []unix.Errno{unix.EPERM, unix.EACCES, unix.EMLINK, unix.EXDEV, unix.ENOTSUP, unix.ENOSYS} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// check reads a file of the root and compares it with a descriptor.
func (t *Txn) check(ctx context.Context, d image.Descriptor, name string) error {
	f, info, err := openRegular(t.root.FS(), name)
	if err != nil {
		return err
	}
	defer f.Close()
	if info.Size() != d.Size {
		return image.Damagef("blob %s: size is %d, should be %d", d.Digest, info.Size(), d.Size)
	}
	whole := image.NewVerifier(d)
	if err := t.copier.Copy(ctx, io.Discard, whole, f); err != nil {
		return err
	}
	return whole.Verify()
}

// copyOf copies a blob of the layout to a temporary and checks it on the way.
func (t *Txn) copyOf(ctx context.Context, d image.Descriptor, temporary string) error {
	blob, err := openBlob(ctx, t.root.FS(), d)
	if err != nil {
		return err
	}
	defer blob.Close()
	f, err := t.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write blob %s: %w", d.Digest, err)
	}
	defer f.Close()
	whole := image.NewVerifier(d)
	if err := t.copier.Copy(ctx, f, whole, blob.Reader()); err != nil {
		return err
	}
	if err := whole.Verify(); err != nil {
		return err
	}
	return finishFile(f)
}
