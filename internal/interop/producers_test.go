package interop

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// asMade is the form of an archive that comes from its producer.
const asMade = "as made"

// TestProducers has every peer load what a producer made, and save it; imgtool loads that and saves it; and the peer
// loads this in turn. Then it must hold what it held at first.
func TestProducers(t *testing.T) { //nolint:tparallel // each test wants the peers for itself
	l := openLab(t)
	for _, p := range peers(t, l) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for _, from := range origins {
				if from.names == nil {
					t.Run(from.name, func(t *testing.T) { produce(t, l, p, from) })
				}
			}
		})
	}
}

func produce(t *testing.T, l lab, p peer, from origin) {
	s := examine(t, produced(t, from.archive))
	s.sparse = from.sparse
	if !p.asked(form{name: asMade, format: s.format}) {
		t.Skipf("%s does not read %s", p.name, from.archive)
	}
	limit, limited := limitOf(p.name, from.name, asMade)
	first, err := p.load(t, s)
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
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(first)), func(name string) bool { return name == "" })
	archives := make([]string, len(p.saves))
	for i, out := range p.saves { // before the peer loads anything else
		if out.one && len(names) > 1 {
			continue
		}
		path, err := out.write(t, names)
		if err != nil {
			t.Errorf("save as %s: %v", out.form, err)
			continue
		}
		archives[i] = path
	}
	for i, out := range p.saves {
		if archives[i] != "" {
			t.Run(out.form, func(t *testing.T) { trip{l, p, out, s.sparse}.run(t, archives[i], first) })
		}
	}
}

// trip is the way of a peer's archive through imgtool back to the peer.
type trip struct {
	l      lab
	p      peer
	out    save
	sparse bool
}

// run makes the trip; first is what the peer held when it wrote the archive.
func (r trip) run(t *testing.T, archive string, first holdings) {
	l, p := r.l, r.p
	m := readMembers(t, archive)
	k := everything
	if m[ocispec.ImageIndexFile] == nil {
		k = keeps{}
	}
	want := m.hold(t)
	store := filepath.Join(t.TempDir(), "store")
	l.tool(t, store, "load", archive)
	got := readMembers(t, store).hold(t)
	if d := compare(want, got, k); d != "" {
		t.Errorf("-%s saved +imgtool loaded:\n%s", p.name, d)
	}
	delete(first, "") // names were asked for
	if d := compare(first, got, keeps{}); d != "" && !r.out.rewrites {
		t.Errorf("-%s held +imgtool loaded:\n%s", p.name, d)
	}
	if r.out.rewrites {
		return
	}
	back := filepath.Join(t.TempDir(), "back.tar")
	args := []string{"save", "-o", back}
	for name := range got {
		args = append(args, name)
	}
	l.tool(t, store, args...)
	again := examine(t, back)
	again.sparse = r.sparse
	held, err := p.load(t, again)
	if err != nil {
		t.Fatal(err)
	}
	delete(held, "")
	if d := compare(first, held, p.keeps("docker")); d != "" {
		t.Errorf("-%s held before +now:\n%s", p.name, d)
	}
}
