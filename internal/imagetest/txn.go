package imagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// Place is a new, empty place that a test writes to.
type Place struct {
	Sink image.Sink
	// Read opens what the place holds; nil means that there is nothing.
	Read func(t *testing.T) image.Source
}

// TestTxn is the suite that every [image.Sink] passes. The function open returns a new place each time.
func TestTxn(t *testing.T, open func(t *testing.T) Place) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(t *testing.T, p Place)
	}{
		{name: "Promise04 commit shows every image", run: commitShowsAll},
		{name: "Promise04 close without commit leaves nothing", run: closeLeavesNothing},
		{name: "Hostile16 other bytes than the descriptor says", run: wrongBytes},
		{name: "Hostile14 a digest that is none", run: putInvalidDigests},
		{"a blob is put twice", putTwice},
		{"one blob is put by many", putByMany},
		{"the error of a reader comes back", readerFails},
		{"the context ends", contextEnds},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// Sample returns a source with several images that share layers, an index and a sparse index.
func Sample(t testing.TB) *Images {
	t.Helper()
	s := &Images{}
	base := Layer(t, "etc/", "", "etc/a", "1", "bin/sh", strings.Repeat("sh", 5000))
	arm := image.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}
	one := s.Manifest(t, Platform, base, Layer(t, "etc/b", "2"))
	s.List(t, "one", one)
	s.List(t, "one:again", one)
	two := s.Manifest(t, Platform, base, Layer(t, "etc/b", "3"), Layer(t))
	other := s.Manifest(t, arm, base, Layer(t, "etc/b", "4"))
	s.List(t, "registry.example:5000/team/two:v2", s.Index(t, two, other))
	s.List(t, "sparse", s.Index(t, s.Manifest(t, Platform, base), Absent("elsewhere", arm)))
	s.List(t, "", s.Manifest(t, arm, base))
	return s
}

func begin(t *testing.T, s image.Sink) image.Txn {
	t.Helper()
	txn, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = txn.Close() })
	return txn
}

func commitShowsAll(t *testing.T, p Place) {
	src := Sample(t)
	CopyTo(t, p.Sink, src)
	got := p.Read(t)
	if got == nil {
		t.Fatal("nothing is there after Commit")
	}
	if diff := cmp.Diff(Digests(t, src), Digests(t, got)); diff != "" {
		t.Errorf("blobs (-committed +read):\n%s", diff)
	}
	if diff := cmp.Diff(described(t, src), described(t, got)); diff != "" {
		t.Errorf("roots (-committed +read):\n%s", diff)
	}
}

// described returns a line for each root, sorted, because a place may have an order of its own.
func described(t *testing.T, src image.Source) []string {
	t.Helper()
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range roots {
		lines = append(lines, string(r.Digest)+" "+string(r.Name))
	}
	slices.Sort(lines)
	return lines
}

func closeLeavesNothing(t *testing.T, p Place) {
	txn := begin(t, p.Sink)
	d, raw := someBlob("given up")
	if err := txn.Put(t.Context(), d, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if err := txn.Close(); err != nil {
		t.Fatal(err)
	}
	src := p.Read(t)
	if src == nil {
		return
	}
	if roots, err := src.Roots(t.Context()); len(roots) > 0 || err != nil {
		t.Errorf("roots after Close: %v, %v", roots, err)
	}
	if ok, _ := src.Has(t.Context(), d); ok {
		t.Error("the blob is there after Close")
	}
}

func someBlob(content string) (d image.Descriptor, raw []byte) {
	raw = []byte(content)
	return image.Descriptor{MediaType: "application/octet-stream", Digest: digest.FromBytes(raw), Size: int64(len(raw))}, raw
}

func wrongBytes(t *testing.T, p Place) {
	txn := begin(t, p.Sink)
	d, raw := someBlob("the right bytes")
	for _, test := range []struct{ name, content string }{
		{"shorter", "the right byte"},
		{"longer", "the right bytes!"},
		{"much longer", strings.Repeat("the right bytes", 1<<18)},
		{"other", "the wrong bytes"},
		{"none", ""},
	} {
		if err := txn.Put(t.Context(), d, strings.NewReader(test.content)); !errors.Is(err, image.ErrDamaged) {
			t.Errorf("%s: Put = %v, want damage", test.name, err)
		}
	}
	if err := txn.Put(t.Context(), d, bytes.NewReader(raw)); err != nil {
		t.Errorf("the right bytes after the wrong ones: %v", err)
	}
}

func putInvalidDigests(t *testing.T, p Place) {
	txn := begin(t, p.Sink)
	for _, bad := range hostileDigests {
		if err := txn.Put(t.Context(), image.Descriptor{Digest: bad}, strings.NewReader("")); !errors.Is(err, image.ErrDamaged) {
			t.Errorf("Put(%q) = %v, want damage", bad, err)
		}
	}
	d, raw := someBlob("x")
	d.Size = -1
	if err := txn.Put(t.Context(), d, bytes.NewReader(raw)); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("Put with a negative size = %v, want damage", err)
	}
}

func putTwice(t *testing.T, p Place) {
	txn := begin(t, p.Sink)
	d, raw := someBlob("twice")
	if err := txn.Put(t.Context(), d, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if err := txn.Put(t.Context(), d, unread{t}); err != nil {
		t.Error(err)
	}
}

// unread is a reader that must not be read.
type unread struct{ t *testing.T }

func (r unread) Read([]byte) (int, error) {
	r.t.Error("Put reads a blob that the place has")
	return 0, io.EOF
}

func putByMany(t *testing.T, p Place) {
	txn := begin(t, p.Sink)
	errs := make(chan error, 64)
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			d, raw := someBlob(strings.Repeat("many", 1000+i%4))
			errs <- txn.Put(t.Context(), d, bytes.NewReader(raw))
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

var errReader = errors.New("the reader fails")

func readerFails(t *testing.T, p Place) {
	txn := begin(t, p.Sink)
	d, raw := someBlob("never read to its end")
	r := io.MultiReader(bytes.NewReader(raw[:5]), failing{})
	if err := txn.Put(t.Context(), d, r); !errors.Is(err, errReader) {
		t.Errorf("Put = %v, want the reader's error", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errReader }

func contextEnds(t *testing.T, p Place) {
	ctx, cancel := context.WithCancel(t.Context())
	txn, err := p.Sink.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	cancel()
	src := Sample(t)
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	graph, err := image.Walk(t.Context(), src, roots)
	if err != nil {
		t.Fatal(err)
	}
	if err := image.Copy(ctx, txn, src, graph, image.CopyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Copy = %v, want context.Canceled", err)
	}
}
