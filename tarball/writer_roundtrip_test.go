package tarball

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/tarfs"
)

// What is written is read again: the same roots and blobs, or, of docker-v1, the same configs, layers and names.
func TestWriterRoundTrip(t *testing.T) {
	s := mixed(t)
	for name, format := range map[string]Format{"docker": FormatDocker, "oci": FormatOCI} {
		t.Run(name, func(t *testing.T) {
			raw := saved(t, s, WriterOptions{Format: format, Host: amd64})
			roots, g := reopen(t, raw)
			if diff := cmp.Diff(s.roots, roots); diff != "" {
				t.Errorf("roots: %s", diff)
			}
			if diff := cmp.Diff(digestsOf(s.graph(t).Blobs()), digestsOf(g.Blobs())); diff != "" {
				t.Errorf("blobs: %s", diff)
			}
		})
	}
	t.Run("docker-v1", func(t *testing.T) {
		_, g := reopen(t, savedV1(t, s, WriterOptions{Host: amd64}))
		want, got := map[string][]string{}, map[string][]string{}
		for _, im := range savedImages(s.graph(t), amd64) {
			want[im.node.Manifest.Config.Digest.String()] = im.tags()
		}
		for _, im := range savedImages(g, amd64) {
			got[im.node.Manifest.Config.Digest.String()] = im.tags()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func reopen(t *testing.T, raw []byte) ([]image.Root, *image.Graph) {
	t.Helper()
	fsys, err := tarfs.Open(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	roots, err := a.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g, err := image.Walk(t.Context(), a, roots)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range g.Blobs() {
		blob, err := a.Open(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := image.VerifyReader(blob.Reader(), d); err != nil {
			t.Error(err)
		}
		_ = blob.Close()
	}
	return roots, g
}

func digestsOf(ds []image.Descriptor) []digest.Digest {
	var all []digest.Digest
	for _, d := range ds {
		all = append(all, d.Digest)
	}
	slices.Sort(all)
	return all
}
