package store_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/store"
)

// commit loads a source and returns its transaction.
func commit(t *testing.T, s *store.Store, src image.Source, opts store.BeginOptions) *store.Txn {
	t.Helper()
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	graph, err := image.Walk(t.Context(), src, roots)
	if err != nil {
		t.Fatal(err)
	}
	txn, err := s.Begin(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	if err := image.Copy(t.Context(), txn, src, graph, image.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := txn.Commit(t.Context(), roots); err != nil {
		t.Fatal(err)
	}
	return txn
}

// labels returns what the roots of a store are called: their names, or "<none>".
func labels(t *testing.T, s *store.Store) string {
	t.Helper()
	roots, err := s.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range roots {
		name := r.Name.Familiar()
		if r.Name == "" {
			name = "<none>"
		}
		if r.Tag() != "" {
			name += ":" + r.Tag()
		}
		list = append(list, name)
	}
	return strings.Join(list, " ")
}

// Names are written in docker's normalised form, with their tag; one that a source spelled in full keeps its spelling beside.
func TestSpec01NormalisedNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	src := &imagetest.Images{}
	d := src.Manifest(t, imagetest.Platform, imagetest.Layer(t, "a", "1"))
	for _, annotations := range []map[string]string{
		{image.AnnotationName: "busybox", "org.example": "kept"},
		{image.AnnotationRefName: "localhost/app:v2"},
	} {
		r := image.Root{Descriptor: d, Name: image.ReferenceOf(annotations)}
		r.Platform = nil
		r.Annotations = annotations
		src.ListRoot(r)
	}
	commit(t, open(t, dir), src, store.BeginOptions{})
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index struct{ Manifests []image.Descriptor }
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	var got []map[string]string
	for _, m := range index.Manifests {
		got = append(got, m.Annotations)
	}
	want := []map[string]string{
		{image.AnnotationName: "docker.io/library/busybox:latest", image.AnnotationRefName: "latest", "org.example": "kept"},
		{image.AnnotationName: "localhost/app:v2", image.AnnotationRefName: "localhost/app:v2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

func TestHostile19MovedNames(t *testing.T) {
	first := imagetest.Image(t, "a", imagetest.Layer(t, "a", "1"))
	second := imagetest.Image(t, "a", imagetest.Layer(t, "a", "2"))
	for _, test := range []struct {
		name        string
		opts        store.BeginOptions
		moved, kept int
		want        string
	}{
		{"by default a name moves", store.BeginOptions{}, 1, 0, "<none> a:latest"},
		{"with NoClobber it stays", store.BeginOptions{NoClobber: true}, 0, 1, "a:latest <none>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStore(t)
			if txn := commit(t, s, first, test.opts); len(txn.Moved()) > 0 {
				t.Errorf("moved: %v", txn.Moved())
			}
			hits, err := s.Resolve(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			manifest, err := image.ReadManifest(t.Context(), s, hits[0].Descriptor)
			if err != nil {
				t.Fatal(err)
			}
			txn := commit(t, s, second, test.opts)
			if len(txn.Moved()) != test.moved || len(txn.Kept()) != test.kept {
				t.Errorf("moved: %v, kept: %v", txn.Moved(), txn.Kept())
			}
			want := []store.Moved{{Name: "docker.io/library/a:latest", Old: hits[0], OldID: manifest.Config.Digest.String()}}
			if diff := cmp.Diff(want, append(txn.Moved(), txn.Kept()...)); diff != "" {
				t.Errorf("moved or kept (-want +got):\n%s", diff)
			}
			if txn := commit(t, s, second, test.opts); len(txn.Moved()) > 0 {
				t.Errorf("moved by the same load again: %v", txn.Moved())
			}
			if diff := cmp.Diff(test.want, labels(t, s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTag(t *testing.T) {
	s := newStore(t)
	commit(t, s, imagetest.Image(t, "a", imagetest.Layer(t, "a", "1")), store.BeginOptions{})
	commit(t, s, imagetest.Image(t, "b", imagetest.Layer(t, "a", "2")), store.BeginOptions{})
	hits, err := s.Resolve(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if moved, err := s.Tag(t.Context(), hits[0], "docker.io/library/c:1"); moved != nil || err != nil {
		t.Errorf("Tag = %v, %v", moved, err)
	}
	moved, err := s.Tag(t.Context(), hits[0], "docker.io/library/b:latest")
	if err != nil || moved == nil || moved.Name != "docker.io/library/b:latest" {
		t.Errorf("Tag of a name that is taken = %v, %v", moved, err)
	}
	if diff := cmp.Diff("a:latest <none> c:1 b:latest", labels(t, s)); diff != "" {
		t.Error(diff)
	}
	absent := image.Root{Descriptor: imagetest.Absent("nowhere", imagetest.Platform)}
	if _, err := s.Tag(t.Context(), absent, "docker.io/library/d:1"); !errors.Is(err, image.ErrNotFound) {
		t.Errorf("Tag of an image that is not here = %v", err)
	}
}

func TestRemove(t *testing.T) {
	src := imagetest.Sample(t)
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one := roots[0].Digest.String()
	for _, test := range []struct {
		name              string
		text              string
		opts              store.RemoveOptions
		untagged, deleted int
		want              error
		left              string
	}{
		{"one of two names", "one", store.RemoveOptions{}, 1, 0, nil, "one:again registry.example:5000/team/two:v2 sparse:latest <none>"},
		{"the only name", "registry.example:5000/team/two:v2", store.RemoveOptions{}, 1, 1, nil, "one:latest one:again sparse:latest <none>"},
		{"an image with two names", one, store.RemoveOptions{}, 0, 0, store.ErrConflict, ""},
		{"an image with two names by force", one[:20], store.RemoveOptions{Force: true}, 2, 1, nil, "registry.example:5000/team/two:v2 sparse:latest <none>"},
		{"an image without a name", roots[4].Digest.String(), store.RemoveOptions{}, 0, 1, nil, "one:latest one:again registry.example:5000/team/two:v2 sparse:latest"},
		{"a sparse index", "sparse", store.RemoveOptions{}, 1, 1, nil, "one:latest one:again registry.example:5000/team/two:v2 <none>"},
		{"nothing", "nothing", store.RemoveOptions{}, 0, 0, image.ErrNotFound, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStore(t)
			commit(t, s, src, store.BeginOptions{})
			before := labels(t, s)
			usage, err := s.Usage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			gone, err := s.Remove(t.Context(), test.text, test.opts)
			if !errors.Is(err, test.want) || len(gone.Untagged) != test.untagged || len(gone.Deleted) != test.deleted {
				t.Errorf("Remove = %+v, %v", gone, err)
			}
			if test.left == "" {
				test.left = before
			}
			if diff := cmp.Diff(test.left, labels(t, s)); diff != "" {
				t.Error(diff)
			}
			now, err := s.Usage(t.Context())
			if err != nil || now.Unreferenced > 0 || now.Bytes != usage.Bytes-gone.Bytes() {
				t.Errorf("%d bytes before, %d after, of them %d unreferenced, %d removed, %v", usage.Bytes, now.Bytes, now.Unreferenced, gone.Bytes(), err)
			}
			imagetest.Digests(t, s)
		})
	}
}

func TestRemovePartOfIndex(t *testing.T) {
	s := newStore(t)
	src := &imagetest.Images{}
	arm := src.Manifest(t, image.Platform{OS: "linux", Architecture: "arm64"}, imagetest.Layer(t, "a", "1"))
	src.List(t, "a", src.Index(t, src.Manifest(t, imagetest.Platform, imagetest.Layer(t, "a", "2")), arm))
	commit(t, s, src, store.BeginOptions{})
	if _, err := s.Remove(t.Context(), arm.Digest.String(), store.RemoveOptions{Force: true}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Remove = %v, want a conflict", err)
	}
}

func TestPrune(t *testing.T) {
	s := newStore(t)
	commit(t, s, imagetest.Sample(t), store.BeginOptions{})
	gone, err := s.Prune(t.Context(), store.PruneOptions{})
	if err != nil || len(gone.Deleted) != 1 || len(gone.Untagged) != 0 {
		t.Errorf("Prune = %+v, %v", gone, err)
	}
	gone, err = s.Prune(t.Context(), store.PruneOptions{Remove: func(image.Root) bool { return true }})
	if err != nil || len(gone.Deleted) != 3 || len(gone.Untagged) != 4 {
		t.Errorf("Prune of all = %+v, %v", gone, err)
	}
	if usage, err := s.Usage(t.Context()); err != nil || usage.Bytes != 0 || len(usage.Images) != 0 {
		t.Errorf("Usage = %+v, %v", usage, err)
	}
}

func TestUsage(t *testing.T) {
	s := newStore(t)
	base := imagetest.Layer(t, "base", "base")
	src := &imagetest.Images{}
	one := src.Manifest(t, imagetest.Platform, base, imagetest.Layer(t, "a", "1"))
	src.List(t, "one", one)
	src.List(t, "uno", one)
	src.List(t, "two", src.Manifest(t, imagetest.Platform, base))
	commit(t, s, src, store.BeginOptions{})
	usage, err := s.Usage(t.Context())
	if err != nil || len(usage.Images) != 3 {
		t.Fatalf("Usage = %+v, %v", usage, err)
	}
	for _, u := range usage.Images {
		if u.Shared() != int64(len(base)) {
			t.Errorf("%s shares %d bytes, want %d", u.Root.Label(), u.Shared(), len(base))
		}
	}
	if want := usage.Images[0].Bytes + usage.Images[2].Unique; usage.Bytes != want || usage.Unreferenced != 0 {
		t.Errorf("Usage = %+v, want %d bytes", usage, want)
	}
}
