package tarball_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/tarball"
)

// truth is what is known of a fixture from a program that shares no code with any container tool.
type truth struct {
	Formats   []string
	Container struct{ Links map[string][]string }
	Images    []truthImage
	Tree      []struct {
		Depth       int
		Digest      digest.Digest
		Missing     bool
		Annotations map[string]string
	}
}

type truthImage struct {
	Format   string
	ID       string
	Tags     []string
	Complete bool
	Verified *bool         `json:"diff_ids_verified"`
	Manifest digest.Digest `json:"manifest_digest"`
	Config   *struct{ SHA256 string }
	Layers   []struct {
		DiffID  string `json:"diff_id"`
		Missing bool
	}
}

func (im *truthImage) whole() bool {
	return im.Complete && im.Config != nil && (im.Verified == nil || *im.Verified)
}

// wanted returns the images that have to come through: config digest and layers, "v1" for a config that is made. Views
// of one image are one; v1 counts only where there is nothing newer.
func (t *truth) wanted() map[string]bool {
	newer := slices.Contains(t.Formats, "docker-archive") || slices.Contains(t.Formats, "oci-layout")
	want := map[string]bool{}
	for _, im := range t.Images {
		if !im.whole() || newer && im.Format == "v1" {
			continue
		}
		var layers []string
		for _, l := range im.Layers {
			if im.Format != "v1" || !slices.Contains(emptyLayers, l.DiffID) {
				layers = append(layers, l.DiffID[:12])
			}
		}
		config := im.Config.SHA256
		if im.Format == "v1" {
			config = "v1"
		}
		want[config+" "+strings.Join(layers, " ")] = true
	}
	return want
}

var emptyLayers = []string{
	digest.FromString("").Encoded(),
	digest.FromBytes(make([]byte, 1024)).Encoded(),
}

// names returns the names and what configs they lead to, "v1" for one that is made.
func (t *truth) names() map[string]map[string]bool {
	names := map[string]map[string]bool{}
	add := func(name, config string) {
		ref, err := image.ParseReference(name)
		if err != nil {
			return
		}
		if names[string(ref)] == nil {
			names[string(ref)] = map[string]bool{}
		}
		names[string(ref)][config] = true
	}
	configs := map[digest.Digest]string{}
	newer := false
	for _, im := range t.Images {
		if im.Format == "oci" && im.Config != nil {
			configs[im.Manifest] = im.Config.SHA256
		}
		newer = newer || im.Format == "docker" || im.Format == "oci"
	}
	name := ""
	for _, n := range t.Tree {
		if n.Depth == 0 {
			name = string(image.ReferenceOf(n.Annotations))
		}
		if config := configs[n.Digest]; config != "" && name != "" {
			add(name, config)
		}
	}
	for _, im := range t.Images {
		for _, tag := range im.Tags {
			switch {
			case im.Format == "docker" && im.Config != nil:
				add(tag, im.Config.SHA256)
			case im.Format == "v1" && !newer:
				add(tag, "v1")
			}
		}
	}
	return names
}

type fixture struct {
	Name, Class, Kind string
	Problems          []string
	truth             truth
	path              string
}

func fixtures(t *testing.T) []fixture {
	t.Helper()
	dir := os.Getenv("IMGTOOL_FIXTURES")
	if dir == "" {
		t.Skip("IMGTOOL_FIXTURES does not say where the fixtures are")
	}
	var all []fixture
	readJSON(t, filepath.Join(dir, "fixtures.json"), &all)
	for i, f := range all {
		all[i].path = filepath.Join(dir, f.Name)
		readJSON(t, filepath.Join(dir, "truth", strings.ReplaceAll(f.Name, "/", "__")+".json"), &all[i].truth)
	}
	return all
}

func readJSON(t *testing.T, name string, v any) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// linksLost reports whether the fixture is a directory with links that this copy of it does not have.
func (f *fixture) linksLost() bool {
	for name := range f.truth.Container.Links {
		if in, err := os.Lstat(filepath.Join(f.path, name)); f.Kind == "dir" && (err != nil || in.Mode().IsRegular()) {
			return true
		}
	}
	return false
}

func TestFixtures(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.Class+"/"+f.Name, func(t *testing.T) {
			if f.linksLost() {
				t.Skip("this copy of the fixture has lost its symbolic links")
			}
			fsys, err := openPlace(t, f.path)
			if err != nil {
				if f.Class == "image" || f.Class == "partial" || f.Class == "artifact" {
					t.Fatal(err)
				}
				return
			}
			var warnings []string
			got, err := readAll(t.Context(), fsys, tarball.Options{Warn: func(s string) { warnings = append(warnings, s) }})
			if testing.Verbose() {
				t.Logf("error: %v, warnings: %q", err, warnings)
			}
			checkFixture(t, f, got, err)
		})
	}
}

func checkFixture(t *testing.T, f fixture, got *found, err error) {
	t.Helper()
	switch f.Class {
	case "image":
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f.truth.wanted(), got.images); diff != "" {
			t.Errorf("images (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(f.truth.names(), got.names); diff != "" {
			t.Errorf("names (-want +got):\n%s", diff)
		}
	case "artifact":
		if err != nil {
			t.Fatal(err)
		}
		if got.roots == 0 {
			t.Error("no roots")
		}
	case "partial":
		checkMissing(t, err)
	case "broken":
		if err == nil && !f.oddOnly() {
			t.Error("no error")
		}
		checkKind(t, err)
	case "tar", "tar-bad":
		if err == nil {
			t.Error("no error")
		}
		checkKind(t, err)
	}
}

// oddOnly reports whether a broken fixture has nothing wrong but its form: an archive of another tool, or sizes in
// descriptors.
func (f *fixture) oddOnly() bool {
	return len(f.truth.wanted()) > 0 && len(f.Problems) == 1 &&
		(f.Problems[0] == "no oci-layout file" || strings.HasPrefix(f.Problems[0], "manifest.json is an object"))
}

func checkMissing(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, image.ErrMissing) {
		t.Fatalf("error is %v, should match ErrMissing", err)
	}
	if errors.Is(err, image.ErrDamaged) {
		t.Errorf("error %v matches ErrDamaged too", err)
	}
}

func checkKind(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, kind := range []error{image.ErrDamaged, image.ErrMissing, image.ErrNotFound} {
		if errors.Is(err, kind) {
			return
		}
	}
	t.Errorf("error has no kind: %v", err)
}
