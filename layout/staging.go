package layout

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

const (
	stagingLock    = "lock"
	stagingJournal = "journal"
	// plainPrefix begins the staging folders of a layout without a state folder, at its top.
	plainPrefix = ".imgtool-"
	// stagingTries bounds how often a sweeper may take an empty folder away before its maker has locked it.
	stagingTries = 100
)

// staging is a folder for the temporaries of one transaction, locked for as long as its owner lives.
type staging struct {
	root *os.Root // of the layout; borrowed
	name string   // the folder's path in it
	lock *os.File // nil when the folder was removed
}

// newStaging makes a staging folder; prefix is its path up to the random part of its name.
func newStaging(root *os.Root, prefix string) (*staging, error) {
	for range stagingTries {
		s := &staging{root: root, name: prefix + strings.ToLower(rand.Text()[:16])}
		if err := root.Mkdir(s.name, 0o700); err != nil {
			return nil, fmt.Errorf("make %s/%s: %w", root.Name(), s.name, err)
		}
		f, err := root.OpenFile(s.path(stagingLock), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrNotExist) {
			continue // swept
		}
		if err != nil {
			_ = root.RemoveAll(s.name)
			return nil, fmt.Errorf("make %s/%s: %w", root.Name(), s.name, err)
		}
		s.lock = f
		if err := s.hold(); err == nil {
			return s, nil
		} else if !errors.Is(err, errBusy) {
			_ = s.remove()
			return nil, err
		}
		_ = f.Close() // a sweeper was quicker
	}
	return nil, fmt.Errorf("make %s/%s: %w", root.Name(), prefix, errBusy)
}

// path returns where a file of the folder lies in the root.
func (s *staging) path(name string) string { return s.name + "/" + name }

// hold takes the folder's lock. It fails with errBusy if somebody else has it, or has removed the folder.
func (s *staging) hold() error {
	if err := tryLock(s.lock); err != nil {
		return err
	}
	held, err := s.lock.Stat()
	if err != nil {
		return err
	}
	now, err := s.root.Stat(s.path(stagingLock))
	if err != nil || !os.SameFile(held, now) {
		return errBusy
	}
	return nil
}

// remove deletes the folder, its lock last, so that whoever finds a part of it knows what it is; then it lets go.
// A second call does nothing.
func (s *staging) remove() error {
	if s.lock == nil {
		return nil
	}
	names, err := readNames(s.root, s.name)
	for _, name := range names {
		if name != stagingLock {
			err = errors.Join(err, s.root.RemoveAll(s.path(name)))
		}
	}
	if err == nil {
		err = s.root.RemoveAll(s.name)
	}
	err = errors.Join(err, s.lock.Close())
	s.lock = nil
	return err
}

// abandon lets go of the folder and leaves it, with its journal, to the next sweep.
func (s *staging) abandon() {
	if s.lock != nil {
		_ = s.lock.Close()
		s.lock = nil
	}
}

// readNames lists a folder, which may be missing.
func readNames(root *os.Root, name string) ([]string, error) {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s/%s: %w", root.Name(), name, err)
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// writeFile makes a file with its bytes on the disk, in the staging folder first, and moves it to its place.
func (s *staging) writeFile(name string, raw []byte, mode fs.FileMode) error {
	temporary := s.path(path.Base(name) + ".new")
	f, err := s.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s/%s: %w", s.root.Name(), name, err)
	}
	_, err = f.Write(raw)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s/%s: %w", s.root.Name(), name, err)
	}
	if err := s.root.Rename(temporary, name); err != nil {
		return fmt.Errorf("write %s/%s: %w", s.root.Name(), name, err)
	}
	return nil
}

// syncDir makes the names in a folder durable.
func syncDir(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return fmt.Errorf("sync %s/%s: %w", root.Name(), name, err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s/%s: %w", root.Name(), name, err)
	}
	return nil
}
