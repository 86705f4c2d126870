package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// Sweep removes what killed commands have left: their staging folders, and the blobs that they had added to the layout,
// or were to remove from it, and that nothing references. It leaves alone what a running command holds, does not wait for
// one, and does nothing where it may not write.
func (d *Dir) Sweep(ctx context.Context) error {
	if d.opts.State == "" {
		if err := d.sweepSiblings(); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return tolerable(err)
	}
	defer root.Close()
	return d.sweep(ctx, root)
}

// tolerable returns nil for the errors of places that do not exist or are not ours to change.
func tolerable(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) ||
		errors.Is(err, unix.ENOTDIR) || errors.Is(err, errBusy) {
		return nil
	}
	return err
}

func (d *Dir) sweep(ctx context.Context, root *os.Root) error {
	return eachStale(root, d.stagingPrefix(), func(s *staging) error {
		blobs, err := s.readJournal()
		if err != nil || len(blobs) == 0 {
			return err
		}
		f, err := d.openLock(root)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := tryLock(f); err != nil {
			return err
		}
		return rollBack(ctx, root, blobs)
	})
}

// eachStale calls undo for the staging folders of this prefix that nobody holds, and removes each for which it succeeds.
func eachStale(root *os.Root, prefix string, undo func(*staging) error) error {
	dir, base := path.Split(prefix)
	names, err := readNames(root, path.Clean("./"+dir))
	if err != nil {
		return tolerable(err)
	}
	for _, name := range names {
		if !strings.HasPrefix(name, base) {
			continue
		}
		s, err := takeStale(root, dir+name)
		if err != nil || s == nil {
			if err := tolerable(err); err != nil {
				return err
			}
			continue
		}
		if err := undo(s); err != nil {
			_ = s.lock.Close()
			if err := tolerable(err); err != nil {
				return fmt.Errorf("sweep %s/%s: %w", root.Name(), s.name, err)
			}
			continue
		}
		if err := tolerable(s.remove()); err != nil {
			return fmt.Errorf("sweep %s/%s: %w", root.Name(), s.name, err)
		}
	}
	return nil
}

// takeStale takes over a staging folder that nobody holds. It returns nil for one that is empty, which it removes.
func takeStale(root *os.Root, name string) (*staging, error) {
	s := &staging{root: root, name: name}
	f, err := root.OpenFile(s.path(stagingLock), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		_ = root.Remove(name) // fails for what is not an empty folder
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.lock = f
	if err := s.hold(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return s, nil
}
