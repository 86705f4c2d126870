package imagetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/image"
)

// TestStore is [TestTxn] and what passes beyond it a place that is both read and written, more than once.
func TestStore(t *testing.T, open func(t *testing.T) Place) {
	t.Helper()
	TestTxn(t, open)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, p Place)
	}{
		{"what is read passes the suite", func(t *testing.T, p Place) {
			CopyTo(t, p.Sink, Sample(t))
			TestSource(t, p.Read(t))
		}},
		{"images are added", imagesAdded},
		{name: "Spec01 a name moves to the image that has it last", run: nameMoves},
		{name: "Promise09 the same commit twice", run: sameCommitTwice},
		{name: "Spec10 a tag alone stays one", run: tagAlone},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func imagesAdded(t *testing.T, p Place) {
	CopyTo(t, p.Sink, Image(t, "a", Layer(t, "a", "1")))
	CopyTo(t, p.Sink, Image(t, "b", Layer(t, "b", "2")))
	wantNames(t, p, "docker.io/library/a:latest", "docker.io/library/b:latest")
}

// wantNames checks the names of the roots in their order; "" is none.
func wantNames(t *testing.T, p Place, want ...image.Reference) {
	t.Helper()
	src := p.Read(t)
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []image.Reference
	for _, r := range roots {
		got = append(got, r.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	Digests(t, src)
}

func nameMoves(t *testing.T, p Place) {
	CopyTo(t, p.Sink, Image(t, "a", Layer(t, "a", "1")))
	CopyTo(t, p.Sink, Image(t, "b", Layer(t, "b", "1")))
	CopyTo(t, p.Sink, Image(t, "a", Layer(t, "a", "2")))
	wantNames(t, p, "", "docker.io/library/b:latest", "docker.io/library/a:latest")
}

func sameCommitTwice(t *testing.T, p Place) {
	CopyTo(t, p.Sink, Sample(t))
	before := described(t, p.Read(t))
	CopyTo(t, p.Sink, Sample(t))
	if diff := cmp.Diff(before, described(t, p.Read(t))); diff != "" {
		t.Errorf("roots (-once +twice):\n%s", diff)
	}
}

func tagAlone(t *testing.T, p Place) {
	src := &Images{}
	r := image.Root{Descriptor: src.Manifest(t, Platform, Layer(t, "a", "1"))}
	r.Platform = nil
	r.Annotations = map[string]string{image.AnnotationRefName: "v1", "org.example": "kept"}
	src.ListRoot(r)
	for range 2 {
		CopyTo(t, p.Sink, src)
	}
	roots, err := p.Read(t).Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]image.Root{r}, roots); diff != "" {
		t.Errorf("roots (-want +got):\n%s", diff)
	}
}
