package interop

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// origin is an archive that a real producer made.
type origin struct {
	name    string
	archive string
	sparse  bool
	names   []string // which of the names; empty: all
}

var origins = []origin{
	{name: "plain layers", archive: "docker20.tar"},
	{name: "gzip layers", archive: "docker29-gzip.tar"},
	{name: "one short name", archive: "docker20.tar", names: []string{"docker.io/library/hello:latest"}},
	{name: "two images", archive: "docker20-multi.tar"},
	{name: "two platforms", archive: "containerd-index.tar"},
	{name: "sparse index", archive: "docker29-sparse.tar", sparse: true},
}

// form is a way in which imgtool writes an archive.
type form struct {
	name   string
	format string
	flags  []string
	file   string
}

func (f form) directory() bool { return strings.HasSuffix(f.file, "/") }

var forms = []form{
	{name: "docker", format: "docker", file: "a.tar"},
	{name: "docker, gzip layers", format: "docker", flags: []string{"--compression", "gzip"}, file: "a.tar"},
	{name: "docker, zstd layers", format: "docker", flags: []string{"--compression", "zstd"}, file: "a.tar"},
	{name: "docker.tar.gz", format: "docker", file: "a.tar.gz"},
	{name: "docker.tar.zst", format: "docker", file: "a.tar.zst"},
	{name: "oci", format: "oci", file: "a.tar"},
	{name: "oci, zstd layers", format: "oci", flags: []string{"--compression", "zstd"}, file: "a.tar"},
	{name: "oci.tar.gz", format: "oci", file: "a.tar.gz"},
	{name: "oci directory", format: "oci", file: "layout/"},
	{name: "docker-v1", format: "docker-v1", file: "a.tar"},
}

// TestConsumers has every peer load what imgtool saves, in every form.
func TestConsumers(t *testing.T) {
	l := openLab(t)
	all := peers(t, l)
	for _, from := range origins {
		archives := make([]saved, len(forms))
		for i, f := range forms {
			archives[i] = saveForm(t, l, from, f)
		}
		for _, p := range all {
			t.Run(p.name+"/"+from.name, func(t *testing.T) {
				for i, f := range forms {
					if p.asked(f) {
						t.Run(f.name, func(t *testing.T) { consume(t, p, from, f, archives[i]) })
					}
				}
			})
		}
	}
}

// saveForm loads an origin into a store and saves it, and checks what is then in the archive with a reader that is not
// imgtool's.
func saveForm(t *testing.T, l lab, from origin, f form) saved {
	t.Helper()
	dir := t.TempDir()
	store := filepath.Join(dir, "store")
	source := produced(t, from.archive)
	l.tool(t, store, "load", "-i", source)
	want := readMembers(t, source).hold(t)
	if from.names != nil {
		maps.DeleteFunc(want, func(name string, _ view) bool { return !slices.Contains(from.names, name) })
	}
	path := filepath.Join(dir, f.file)
	if f.directory() {
		path += "/"
	}
	args := append([]string{"save", "-o", path, "--format", f.format}, f.flags...)
	for name := range want {
		args = append(args, name)
	}
	l.tool(t, store, args...)
	m := readMembers(t, path)
	s := saved{path: path, format: f.format, holds: m.hold(t), lists: m.list(t), sparse: from.sparse}
	if f.format != "docker-v1" {
		if d := compare(want, s.holds, keeps{others: true}); d != "" {
			t.Errorf("%s as %s: what imgtool saved differs (-had +saved):\n%s", from.name, f.name, d)
		}
	}
	return s
}

// consume loads an archive into a peer.
func consume(t *testing.T, p peer, from origin, f form, s saved) {
	limit, limited := limitOf(p.name, from.name, f.name)
	got, err := p.load(t, s)
	if limited && limit.part == nil {
		if err == nil {
			t.Fatalf("%s takes it, although it was known that it does not: %s", p.name, limit.reason)
		}
		t.Logf("refused, as known: %s", limit.reason)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	want := maps.Clone(s.holds)
	if p.listing && s.format != "oci" {
		want = maps.Clone(s.lists)
	}
	if p.named {
		delete(want, "")
	}
	if limited {
		t.Logf("kept in part, as known: %s", limit.reason)
		want, got = limit.part(want), limit.part(got)
	}
	if d := compare(want, got, p.keeps(s.format)); d != "" {
		t.Errorf("-saved +%s:\n%s", p.name, d)
	}
}

// compare returns the difference of two holdings in what a program keeps.
func compare(want, got holdings, k keeps) string {
	reduced := func(h holdings) holdings {
		r := holdings{}
		for name, v := range h {
			r[name] = v.only(k)
		}
		return r
	}
	return cmp.Diff(reduced(want), reduced(got), cmpopts.EquateEmpty())
}

// names returns the names that an archive holds, sorted.
func (s saved) names() []string {
	var all []string
	for name := range s.holds {
		if name != "" {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
