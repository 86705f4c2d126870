package tarball_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/tarball"
)

// openPlace returns the file system of a directory or of a tar, which may be compressed.
func openPlace(t *testing.T, path string) (fs.FS, error) {
	t.Helper()
	if in, err := os.Stat(path); err == nil && in.IsDir() {
		return openDirectory(t, path), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, _, err := compression.Open(f, compression.Limits{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return tarfs.Open(bytes.NewReader(raw), int64(len(raw)))
}

// found is what an archive gives after every check that a copy makes.
type found struct {
	images     map[string]bool
	names      map[string]map[string]bool
	absent     int
	written    []string // names of all roots in their order, tags alone in brackets
	roots      int
	generation tarball.Generation
}

// readAll opens an archive and checks all that it holds. The first thing wrong is the error.
func readAll(ctx context.Context, fsys fs.FS, opts tarball.Options) (*found, error) {
	a, err := tarball.Open(ctx, fsys, opts)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	roots, err := a.Roots(ctx)
	if err != nil {
		return nil, err
	}
	g, err := image.Walk(ctx, a, roots)
	if err != nil {
		return nil, err
	}
	f := &found{images: map[string]bool{}, names: map[string]map[string]bool{}, roots: len(roots), generation: a.Generation()}
	if f.absent, err = g.Require(); err != nil {
		return nil, err
	}
	for _, d := range g.Blobs() {
		if err := verifyBlob(ctx, a, d); err != nil {
			return nil, err
		}
	}
	for i, top := range g.Tops {
		name := string(roots[i].Name)
		if tag := roots[i].Tag(); tag != "" {
			name = "[" + tag + "]"
		}
		f.written = append(f.written, name)
		for _, n := range image.Images(top) {
			if !n.Whole() {
				continue
			}
			key, err := imageKey(ctx, a, n, a.Generation())
			if err != nil {
				return nil, err
			}
			f.images[key] = true
			if name := string(roots[i].Name); name != "" {
				if f.names[name] == nil {
					f.names[name] = map[string]bool{}
				}
				config, _, _ := strings.Cut(key, " ")
				f.names[name][config] = true
			}
		}
	}
	return f, nil
}

func verifyBlob(ctx context.Context, src image.Source, d image.Descriptor) error {
	blob, err := src.Open(ctx, d)
	if err != nil {
		return err
	}
	defer blob.Close()
	if blob.Size != d.Size {
		return image.Damagef("blob %s: size is %d, should be %d", d.Digest, blob.Size, d.Size)
	}
	return image.VerifyReader(blob.Reader(), d)
}

// imageKey inflates the layers of an image, compares them with the diff IDs, and returns them as wanted does.
func imageKey(ctx context.Context, src image.Source, n *image.Node, g tarball.Generation) (string, error) {
	config := n.Manifest.Config.Digest.Encoded()
	if g == tarball.V1 {
		config = "v1"
	}
	var layers []string
	for i, d := range n.Manifest.Layers {
		blob, err := src.Open(ctx, d)
		if err != nil {
			return "", err
		}
		r, _, err := compression.Open(blob.Reader(), compression.Limits{})
		if err != nil {
			return "", image.Damagef("%w", err)
		}
		hash := digest.Canonical.Digester()
		_, err = io.Copy(hash.Hash(), r)
		blob.Close()
		if err != nil {
			return "", image.Damagef("%w", err)
		}
		if n.Config.HasDiffIDs && n.Config.DiffIDs[i] != hash.Digest() {
			return "", image.Damagef("layer %s: diff ID is %s", d.Digest, hash.Digest())
		}
		layers = append(layers, hash.Digest().Encoded()[:12])
	}
	return config + " " + strings.Join(layers, " "), nil
}

// openDirectory returns the file system of a directory that no link leads out of.
func openDirectory(t *testing.T, path string) fs.FS {
	t.Helper()
	root, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root.FS()
}

// openTar returns the file system of a tar with these members, given as to imagetest.Layer.
func openTar(t testing.TB, pairs ...string) fs.FS {
	t.Helper()
	raw := imagetest.Layer(t, pairs...)
	fsys, err := tarfs.Open(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

// unpacked returns the same members in a directory.
func unpacked(t *testing.T, pairs ...string) fs.FS {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		if err := unpackMember(dir, filepath.Join(dir, pairs[i]), pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return openDirectory(t, dir)
}

func unpackMember(dir, name, content string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if target, ok := strings.CutPrefix(content, "-> "); ok {
		return os.Symlink(target, name)
	}
	if target, ok := strings.CutPrefix(content, "=> "); ok {
		return os.Link(filepath.Join(dir, target), name)
	}
	return os.WriteFile(name, []byte(content), 0o644)
}

// hex returns the digits of the sha256 digest of s.
func hex(s string) string { return digest.FromString(s).Encoded() }

// toJSON returns v as a document.
func toJSON(t testing.TB, v any) string {
	t.Helper()
	raw, err := image.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// configOf returns a config of these plain layers.
func configOf(t testing.TB, layers ...string) string {
	t.Helper()
	diffIDs := []digest.Digest{}
	for _, l := range layers {
		diffIDs = append(diffIDs, digest.FromString(l))
	}
	return toJSON(t, map[string]any{
		"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs},
	})
}

// listing is an entry of manifest.json.
type listing struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// warnings keeps what an archive warns of.
type warnings []string

func (w *warnings) options() tarball.Options {
	return tarball.Options{Warn: func(s string) { *w = append(*w, s) }}
}
