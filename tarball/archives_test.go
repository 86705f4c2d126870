package tarball_test

import (
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/tarball"
)

// TestRealArchives reads what other programs wrote: see testdata/archives/README.md.
func TestRealArchives(t *testing.T) {
	const (
		latest  = "docker.io/library/hello:latest "
		hello   = "imgtool.example/hello:1.0 "
		multi   = "imgtool.example/hello:multi "
		tool    = "imgtool.example/tool:2.0 e59dc4d472e8"
		id      = "37bbcecd7834"
		rebuilt = "47cb103d09d7" // what containers/image made of the config
		amd64   = "6659e2f63c70"
		arm64   = "0ba1917baba8"
	)
	tests := []struct {
		file       string
		generation tarball.Generation
		images     int
		names      []string // each with the first digits of a config that it leads to
	}{
		{"docker20.tar", tarball.Manifest, 1, []string{latest + id, hello + id}},
		{"docker20.tar.gz", tarball.Manifest, 1, []string{latest + id, hello + id}},
		{"docker20.tar.bz2", tarball.Manifest, 1, []string{latest + id, hello + id}},
		{"docker20.tar.xz", tarball.Manifest, 1, []string{latest + id, hello + id}},
		{"docker20.tar.zst", tarball.Manifest, 1, []string{latest + id, hello + id}},
		{"docker20-multi.tar", tarball.Manifest, 2, []string{latest + id, hello + id, tool}},
		{"docker20-id.tar.gz", tarball.Manifest, 1, nil},
		{"docker-v1.tar", tarball.V1, 1, []string{latest + "v1", hello + "v1"}},
		{"docker29-classic.tar", tarball.Both, 1, []string{latest + id, hello + id}},
		{"docker29-containerd.tar", tarball.Both, 1, []string{latest + id, hello + id}},
		{"docker29-gzip.tar", tarball.Both, 1, []string{hello + rebuilt}},
		{"docker29-sparse.tar", tarball.Both, 1, []string{multi + amd64}},
		{"podman-docker.tar", tarball.Manifest, 1, []string{hello + id}},
		{"podman-oci.tar", tarball.OCI, 1, []string{hello + rebuilt}},
		{"skopeo-docker.tar", tarball.Manifest, 1, []string{hello + id}},
		{"skopeo-oci.tar", tarball.OCI, 1, []string{hello + rebuilt}},
		{"oci-gzip.tar", tarball.OCI, 1, nil},
		{"oci-zstd.tar", tarball.OCI, 1, nil},
		{"buildah-index.tar", tarball.OCI, 2, []string{multi + arm64, multi + amd64}},
		{"containerd-index.tar", tarball.Both, 2, []string{multi + arm64, multi + amd64}},
		{"crane.tar", tarball.Manifest, 1, []string{"localhost:5000/hello:1.0 " + id}},
		{"regctl.tar", tarball.Both, 1, []string{hello + rebuilt}},
		{"umoci.tar", tarball.OCI, 2, nil},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			fsys, err := openPlace(t, filepath.Join("..", "testdata", "archives", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			var warned warnings
			got, err := readAll(t.Context(), fsys, warned.options())
			if err != nil {
				t.Fatal(err)
			}
			if got.generation != tt.generation {
				t.Errorf("generation is %v, want %v", got.generation, tt.generation)
			}
			if len(got.images) != tt.images {
				t.Errorf("%d images, want %d", len(got.images), tt.images)
			}
			if diff := cmp.Diff(tt.names, got.nameList()); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			if len(warned) > 0 {
				t.Errorf("warnings: %q", warned)
			}
		})
	}
}

// nameList returns each name with the first digits of the configs that it leads to.
func (f *found) nameList() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(f.names)) {
		for _, config := range slices.Sorted(maps.Keys(f.names[name])) {
			list = append(list, name+" "+config[:min(len(config), 12)])
		}
	}
	return list
}

// TestSpec11RealV1 compares a v1 archive with the archive of the same image that it was derived from.
func TestSpec11RealV1(t *testing.T) {
	v1, newer := realConfig(t, "docker-v1.tar"), realConfig(t, "docker20.tar")
	if diff := cmp.Diff(newer.DiffIDs, v1.DiffIDs); diff != "" {
		t.Errorf("diff IDs (-docker20 +v1):\n%s", diff)
	}
	for i := range v1.History { // its own: the ID that the step had as an image
		if v1.History[i].ID == "" {
			t.Errorf("history entry %d has no ID", i)
		}
		v1.History[i].ID = ""
	}
	if diff := cmp.Diff(newer.History, v1.History); diff != "" {
		t.Errorf("history (-docker20 +v1):\n%s", diff)
	}
	if diff := cmp.Diff(newer.Platform, v1.Platform); diff != "" {
		t.Errorf("platform (-docker20 +v1):\n%s", diff)
	}
	want, err := newer.Runtime()
	if err != nil {
		t.Fatal(err)
	}
	got, err := v1.Runtime()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-docker20 +v1):\n%s", diff)
	}
}

func realConfig(t *testing.T, file string) *image.Config {
	t.Helper()
	fsys, err := openPlace(t, filepath.Join("..", "testdata", "archives", file))
	if err != nil {
		t.Fatal(err)
	}
	return configs(t, fsys)[0]
}

// configs returns the configs of the roots of an archive, all of which are images.
func configs(t *testing.T, fsys fs.FS) []*image.Config {
	t.Helper()
	a, err := tarball.Open(t.Context(), fsys, tarball.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	roots, err := a.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g, err := image.Walk(t.Context(), a, roots)
	if err != nil {
		t.Fatal(err)
	}
	var all []*image.Config
	for _, n := range g.Tops {
		all = append(all, n.Config)
	}
	return all
}
