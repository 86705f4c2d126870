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
func TestConsumers(t *testing.T) { //nolint:tparallel // each test wants the peers for itself
	l := openLab(t)
	var archives []written
	for _, from := range origins {
		for _, f := range forms {
			archives = append(archives, written{from: from, form: f, saved: saveForm(t, l, from, f)})
		}
	}
	all := peers(t, l)
	var results matrix
	t.Cleanup(func() { results.write(t, l, all) })
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for _, w := range archives {
				if p.asked(w.form) {
					t.Run(w.from.name+"/"+w.form.name, func(t *testing.T) {
						results.set(p.name, w.form.name, w.from.name, failed)
						sign := consume(t, p, w)
						results.set(p.name, w.form.name, w.from.name, sign)
					})
				}
			}
		})
	}
}

// written is an archive that imgtool has made of an origin, in a form.
type written struct {
	from  origin
	form  form
	saved saved
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
	s := examine(t, path)
	s.sparse = from.sparse
	if s.format != f.format {
		t.Errorf("%s as %s: what imgtool saved looks like %s", from.name, f.name, s.format)
	}
	if f.format != "docker-v1" {
		if d := compare(want, s.holds, keeps{others: true}); d != "" {
			t.Errorf("%s as %s: what imgtool saved differs (-had +saved):\n%s", from.name, f.name, d)
		}
	}
	return s
}

// consume loads an archive into a peer, and returns the matrix's sign for what came out.
func consume(t *testing.T, p peer, w written) byte {
	s := w.saved
	limit, limited := limitOf(p.name, w.from.name, w.form.name)
	got, err := p.load(t, s)
	if limited && limit.part == nil {
		if err == nil {
			t.Fatalf("%s takes it, although it was known that it does not: %s", p.name, limit.reason)
		}
		t.Logf("refused, as known: %s", limit.reason)
		return refused
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
	sign := byte(same)
	if limited {
		sign = partly
		t.Logf("kept in part, as known: %s", limit.reason)
		want, got = limit.part(want), limit.part(got)
	}
	if d := compare(want, got, p.keeps(s.format)); d != "" {
		t.Errorf("-saved +%s:\n%s", p.name, d)
		sign = failed
	}
	return sign
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
