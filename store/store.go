package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layout"
)

// Version is the number of the store's schema that this package knows (docs/store.md).
const Version = 1

const (
	stateDir    = ".imgtool"
	stagingDir  = stateDir + "/staging"
	versionFile = stateDir + "/version"
)

// Options says how a store is opened. The zero value is useful.
type Options struct {
	// Warn, if set, is told of what is wrong and can be lived with.
	Warn func(message string)
	// Host is the platform by which an index has an ID; the zero value is that of this machine.
	Host image.Platform
}

// Store is a user's images. It is an [image.Source], keeps nothing open, and is safe for concurrent use, also by several
// processes. The roots of a store have at most one name each.
type Store struct {
	path   string
	host   image.Platform
	layout *layout.Dir
}

var _ image.Source = (*Store)(nil)

// Open returns the store in a directory, and makes nothing: a store that does not exist has no images until the first
// transaction makes it. A directory that is neither empty nor an image layout, and a store of a newer imgtool, are
// refused. What killed commands have left is removed where this is possible.
func Open(dir string, opts Options) (*Store, error) {
	s := &Store{path: dir, host: opts.Host, layout: layout.OpenDir(dir, layout.DirOptions{State: stateDir})}
	if s.host.OS == "" {
		s.host = image.Host()
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	if err := s.layout.Sweep(context.Background()); err != nil && opts.Warn != nil {
		opts.Warn(fmt.Sprintf("what a killed command has left in the store stays: %v", err))
	}
	return s, nil
}

// check refuses what is no store, or one of another time.
func (s *Store) check() error {
	names, err := readNames(s.path)
	if err != nil || len(names) == 0 {
		return err
	}
	if !names[stateDir] && !names["index.json"] {
		return errors.New("the directory has other files and is no store")
	}
	raw, err := os.ReadFile(filepath.Join(s.path, versionFile))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return image.Damagef("%s holds %.20q, not a number", versionFile, raw)
	}
	if version > Version {
		return fmt.Errorf("its version is %d, and this imgtool knows %d: a newer imgtool is needed", version, Version)
	}
	return nil
}

// readNames lists a directory, which may be missing.
func readNames(dir string) (map[string]bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make(map[string]bool, len(entries))
	for _, e := range entries {
		names[e.Name()] = true
	}
	return names, err
}

// create makes the directory a store if it is none.
func (s *Store) create() error {
	names, err := readNames(s.path)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		if err := os.MkdirAll(s.path, 0o700); err != nil {
			return err
		}
		if err := os.Chmod(s.path, 0o700); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(s.path, stateDir), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.path, stagingDir), 0o700); err != nil {
		return err
	}
	_, err = os.Stat(filepath.Join(s.path, versionFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s.layout.WriteFile(versionFile, []byte(strconv.Itoa(Version)+"\n"), 0o644)
	}
	return err
}

// Roots returns the images and their names: a root for each name, in the order in which they were added.
func (s *Store) Roots(ctx context.Context) ([]image.Root, error) { return s.layout.Roots(ctx) }

// Has reports whether the store has a file for the blob.
func (s *Store) Has(ctx context.Context, d image.Descriptor) (bool, error) {
	return s.layout.Has(ctx, d)
}

// Open opens a blob.
func (s *Store) Open(ctx context.Context, d image.Descriptor) (*image.Blob, error) {
	return s.layout.Open(ctx, d)
}

// Resolve returns the roots that a text selects, as [image.Select] does.
func (s *Store) Resolve(ctx context.Context, text string) ([]image.Root, error) {
	roots, err := s.Roots(ctx)
	if err != nil {
		return nil, err
	}
	g, _ := image.Walk(ctx, s, roots) // damage elsewhere does not matter
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return image.Select(g, text, s.host)
}

// id returns the ID of the image that a node is, or an index stands for; of anything else, its digest.
func (s *Store) id(top *image.Node) string {
	if n := image.Pick(top, s.host, true); n != nil {
		return n.Manifest.Config.Digest.String()
	}
	return top.Descriptor.Digest.String()
}
