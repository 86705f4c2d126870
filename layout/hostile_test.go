package layout_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/layout"
)

const (
	goodLayout = `{"imageLayoutVersion":"1.0.0"}`
	goodIndex  = `{"schemaVersion":2,"manifests":[]}`
)

func TestOpen(t *testing.T) {
	root := func(d string) string {
		return `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"` + d + `"}]}`
	}
	good := digest.FromString("x").String()
	for _, test := range []struct {
		name          string
		layout, index string // a file that is empty is missing
		want          error
		warned        bool
	}{
		{name: "nothing", want: image.ErrNotFound},
		{name: "Spec07 no oci-layout", index: goodIndex, warned: true},
		{name: "Spec07 no index.json", layout: goodLayout, want: image.ErrDamaged},
		{name: "Spec07 oci-layout of another version", layout: `{"imageLayoutVersion":"2.0.0"}`, index: goodIndex, want: image.ErrDamaged},
		{name: "Spec07 oci-layout without a version", layout: `{}`, index: goodIndex, want: image.ErrDamaged},
		{name: "Spec07 oci-layout that does not parse", layout: `{`, index: goodIndex, want: image.ErrDamaged},
		{name: "an empty list", layout: goodLayout, index: goodIndex},
		{name: "Hostile17 a list that is null", layout: goodLayout, index: `{"schemaVersion":2,"manifests":null}`},
		{name: "Hostile17 no list", layout: goodLayout, index: `{"schemaVersion":2}`},
		{name: "one root", layout: goodLayout, index: root(good)},
		{name: "a root without a media type", layout: goodLayout, index: strings.Replace(root(good), `"mediaType":"application/vnd.oci.image.manifest.v1+json",`, "", 1)},
		{name: "index.json that does not parse", layout: goodLayout, index: `{"manifests":[}`, want: image.ErrDamaged},
		{name: "a list", layout: goodLayout, index: `[]`, want: image.ErrDamaged},
		{name: "Hostile15 a key twice", layout: goodLayout, index: `{"manifests":[],"manifests":[]}`, want: image.ErrDamaged},
		{name: "Hostile15 a key in two cases", layout: goodLayout, index: `{"manifests":[],"Manifests":[]}`, want: image.ErrDamaged},
		{name: "Hostile15 an index that is a manifest", layout: goodLayout, index: `{"manifests":[],"config":{}}`, want: image.ErrDamaged},
		{name: "Hostile15 an index that says it is a manifest", layout: goodLayout, index: `{"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}`, want: image.ErrDamaged},
		{name: "Hostile14 a digest that is a path", layout: goodLayout, index: root("sha256:../../../etc/passwd"), want: image.ErrDamaged},
		{name: "Hostile14 a digest in upper case", layout: goodLayout, index: root(strings.ToUpper(good)), want: image.ErrDamaged},
		{name: "Hostile14 a short digest", layout: goodLayout, index: root("sha256:abcd"), want: image.ErrDamaged},
		{name: "Hostile14 an unknown algorithm", layout: goodLayout, index: root("md5:d41d8cd98f00b204e9800998ecf8427e"), want: image.ErrDamaged},
		{name: "a negative size", layout: goodLayout, index: strings.Replace(root(good), `"size":1`, `"size":-1`, 1), want: image.ErrDamaged},
		{name: "Hostile20 a huge document", layout: goodLayout, index: goodIndex + strings.Repeat(" ", image.MaxDocument), want: image.ErrDamaged},
		{name: "Hostile20 deep nesting", layout: goodLayout, index: `{"x":` + strings.Repeat("[", 1e6) + strings.Repeat("]", 1e6) + `}`, want: image.ErrDamaged},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for name, content := range map[string]string{"oci-layout": test.layout, "index.json": test.index} {
				if content != "" {
					fsys[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
				}
			}
			warned := false
			_, err := layout.Open(fsys, layout.Options{Warn: func(string) { warned = true }})
			if !errors.Is(err, test.want) || warned != test.warned {
				t.Errorf("Open = %v, want %v; warned: %t", err, test.want, warned)
			}
		})
	}
}

// committed returns a directory with the images of a source.
func committed(t *testing.T, src image.Source) string {
	t.Helper()
	dir := filepath.Join(imagetest.MemoryDir(t), "layout")
	imagetest.CopyTo(t, layout.OpenDir(dir, layout.DirOptions{}), src)
	return dir
}

func blobFile(dir string, d digest.Digest) string {
	return filepath.Join(dir, "blobs", d.Algorithm().String(), d.Encoded())
}

// What is not a plain file inside the layout is refused, without waiting for anything.
func TestHostileBlobFiles(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	content := imagetest.Layer(t, "a", "1")
	for _, test := range []struct {
		name    string
		replace func(file string) error
		want    error
	}{
		{"Hostile01 a symbolic link out of the layout", func(f string) error { return os.Symlink(outside, f) }, image.ErrDamaged},
		{"Hostile01 a relative symbolic link out of the layout", func(f string) error { return os.Symlink("../../../secret", f) }, image.ErrDamaged},
		{"Hostile01 a symbolic link to itself", func(f string) error { return os.Symlink(filepath.Base(f), f) }, image.ErrDamaged},
		{"Hostile01 a symbolic link to nothing", func(f string) error { return os.Symlink("nothing", f) }, image.ErrMissing},
		{"Hostile01 a symbolic link inside the layout", func(f string) error {
			if err := os.WriteFile(filepath.Join(filepath.Dir(f), "other"), content, 0o600); err != nil {
				return err
			}
			return os.Symlink("other", f)
		}, nil},
		{"a directory", func(f string) error { return os.Mkdir(f, 0o700) }, image.ErrDamaged},
		{"a fifo", func(f string) error { return syscall.Mkfifo(f, 0o600) }, image.ErrDamaged},
		{"a folder that is a file", func(f string) error {
			folder := filepath.Dir(f)
			return errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600))
		}, image.ErrDamaged},
		{"nothing", func(string) error { return nil }, image.ErrMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := committed(t, imagetest.Image(t, "a", content))
			l := open(t, dir)
			d := image.Descriptor{Digest: digest.FromBytes(content), Size: int64(len(content))}
			file := blobFile(dir, d.Digest)
			if err := errors.Join(os.Remove(file), test.replace(file)); err != nil {
				t.Fatal(err)
			}
			for _, src := range []image.Source{l, layout.OpenDir(dir, layout.DirOptions{})} {
				blob, err := src.Open(t.Context(), d)
				if !errors.Is(err, test.want) {
					t.Errorf("Open = %v, want %v", err, test.want)
				}
				if err == nil {
					blob.Close()
				}
			}
		})
	}
}

// A layout whose folders lead elsewhere is not written to through them.
func TestHostile01WriteThroughLink(t *testing.T) {
	dir := committed(t, imagetest.Image(t, "a", imagetest.Layer(t, "a", "1")))
	outside := t.TempDir()
	folder := filepath.Join(dir, "blobs", "sha256")
	if err := errors.Join(os.RemoveAll(folder), os.Symlink(outside, folder)); err != nil {
		t.Fatal(err)
	}
	src := imagetest.Image(t, "b", imagetest.Layer(t, "b", "1"))
	if err := copyTo(t.Context(), layout.OpenDir(dir, layout.DirOptions{}), src); err == nil {
		t.Error("the commit succeeds")
	}
	if left, err := os.ReadDir(outside); len(left) > 0 || err != nil {
		t.Errorf("written outside: %v, %v", left, err)
	}
}

// copyTo is imagetest.CopyTo for a copy that may fail.
func copyTo(ctx context.Context, dst image.Sink, src image.Source) error {
	roots, err := src.Roots(ctx)
	if err != nil {
		return err
	}
	graph, err := image.Walk(ctx, src, roots)
	if err != nil {
		return err
	}
	txn, err := dst.Begin(ctx)
	if err != nil {
		return err
	}
	defer txn.Close()
	if err := image.Copy(ctx, txn, src, graph, image.CopyOptions{}); err != nil {
		return err
	}
	return txn.Commit(ctx, roots)
}

func TestHostile20IndexInItself(t *testing.T) {
	// No digest can be found for an index that names itself, but a damaged layout can claim one.
	inner := digest.FromString("index")
	raw := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"` + inner.String() + `","size":5}]}`
	fsys := fstest.MapFS{
		"oci-layout":                      {Data: []byte(goodLayout)},
		"index.json":                      {Data: []byte(raw)},
		"blobs/sha256/" + inner.Encoded(): {Data: []byte(raw)},
	}
	l, err := layout.Open(fsys, layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	roots, err := l.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := image.Walk(t.Context(), l, roots); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("Walk = %v, want damage", err)
	}
}

// Members of index.json that are not ours, and descriptors that do not change, keep their bytes.
func TestUpdateKeepsDocument(t *testing.T) {
	dir := committed(t, imagetest.Image(t, "a", imagetest.Layer(t, "a", "1")))
	file := filepath.Join(dir, "index.json")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const extra = `"artifactType":"application/example","annotations":{"k":"v"},"x-unknown":[1, 2],`
	edited := strings.Replace(string(raw), `"manifests":[{`, extra+`"manifests":[{"x-own":{"b":1,"a":2},`, 1)
	if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	imagetest.CopyTo(t, layout.OpenDir(dir, layout.DirOptions{}), imagetest.Image(t, "b", imagetest.Layer(t, "b", "1")))
	now, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSuffix(strings.Replace(edited, "[1, 2]", "[1,2]", 1), "]}") + ","
	if !strings.HasPrefix(string(now), want) {
		t.Errorf("index.json (-want prefix +got):\n%s", cmp.Diff(want, string(now)))
	}
	if got := string(open(t, dir).Document().Value("artifactType")); got != `"application/example"` {
		t.Errorf("Document has the artifact type %s", got)
	}
}

// Names and annotations never become paths.
func TestHostile22AnnotationsAsPaths(t *testing.T) {
	src := &imagetest.Images{}
	d := src.Manifest(t, imagetest.Platform, imagetest.Layer(t, "a", "1"))
	for _, annotations := range []map[string]string{
		{image.AnnotationRefName: "../../../evil"},
		{image.AnnotationRefName: "/evil"},
		{image.AnnotationName: "../../../evil", "org.opencontainers.image.title": "../evil"},
	} {
		r := image.Root{Descriptor: d, Name: image.ReferenceOf(annotations)}
		r.Platform = nil
		r.Annotations = annotations
		src.ListRoot(r)
	}
	dir := committed(t, src)
	wantClean(t, dir)
	for _, pattern := range []string{"evil*", "*/evil*", "*/*/evil*", "../evil*", "/evil*"} {
		if hits, err := filepath.Glob(filepath.Join(dir, pattern)); len(hits) > 0 || err != nil {
			t.Errorf("made from an annotation: %v, %v", hits, err)
		}
	}
}
