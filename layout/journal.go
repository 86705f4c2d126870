package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

// A journal lists the blobs that a command is about to add or to remove. Whoever finds it in a staging folder that
// nobody holds removes those of them that nothing references.

func (s *staging) writeJournal(blobs []digest.Digest) error {
	var b strings.Builder
	for _, d := range blobs {
		b.WriteString(d.String() + "\n")
	}
	if err := s.writeFile(s.path(stagingJournal), []byte(b.String()), 0o600); err != nil {
		return err
	}
	return syncDir(s.root, s.name)
}

func (s *staging) readJournal() ([]digest.Digest, error) {
	raw, err := s.root.ReadFile(s.path(stagingJournal))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", s.root.Name(), s.path(stagingJournal), err)
	}
	var blobs []digest.Digest
	for line := range strings.Lines(string(raw)) {
		if d := digest.Digest(strings.TrimSuffix(line, "\n")); image.ValidDigest(d) == nil {
			blobs = append(blobs, d)
		}
	}
	return blobs, nil
}

// rollBack removes those of the blobs that nothing in index.json reaches, or none if that cannot be told because a
// document is damaged. The caller holds the lock of the layout.
func rollBack(ctx context.Context, root *os.Root, blobs []digest.Digest) error {
	if len(blobs) == 0 {
		return nil
	}
	x, err := readIndex(root.FS())
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Join(removeBlobs(root, blobs), removeFrame(root))
	}
	var keep map[digest.Digest]bool
	if err == nil {
		keep, err = reached(ctx, &Layout{root.FS(), x}, x.roots)
	}
	if errors.Is(err, image.ErrDamaged) {
		return nil
	}
	if err != nil {
		return err
	}
	var lost []digest.Digest
	for _, d := range blobs {
		if !keep[d] {
			lost = append(lost, d)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	if err := syncDir(root, "."); err != nil { // index.json may be newer than what is on the disk
		return err
	}
	return removeBlobs(root, lost)
}

// removeBlobs deletes the files of blobs, which may be gone already, and syncs their folders.
func removeBlobs(root *os.Root, blobs []digest.Digest) error {
	folders := map[string]bool{}
	for _, d := range blobs {
		name, err := blobPath(d)
		if err != nil {
			return err
		}
		err = root.Remove(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("remove %s/%s: %w", root.Name(), name, err)
		}
		folders[path.Dir(name)] = true
	}
	for folder := range folders {
		if err := syncDir(root, folder); err != nil {
			return err
		}
	}
	return nil
}

// removeFrame deletes what a first commit has made before its index.json: empty folders and oci-layout.
func removeFrame(root *os.Root) error {
	names, err := readNames(root, blobsDir)
	for _, name := range names {
		_ = root.Remove(blobsDir + "/" + name) // fails if it is not empty
	}
	_ = root.Remove(blobsDir)
	if err := root.Remove(ocispec.ImageLayoutFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s/%s: %w", root.Name(), ocispec.ImageLayoutFile, err)
	}
	return err
}

// reached returns the blobs that the roots reach and that are here. It fails if a document on the way cannot be
// read, because nothing is known then of what is below it.
func reached(ctx context.Context, src image.Source, roots []image.Root) (map[digest.Digest]bool, error) {
	g, err := image.Walk(ctx, src, roots)
	for _, n := range g.All() {
		if n.Err != nil && n.Manifest == nil {
			return nil, fmt.Errorf("look for what is in use: %w", n.Err)
		}
	}
	if ctx.Err() != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	keep := map[digest.Digest]bool{}
	for _, d := range g.Blobs() {
		keep[d.Digest] = true
	}
	return keep, nil
}
