package tarball

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/schema"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

var _ image.Txn = (*Writer)(nil)

const (
	app   = image.Reference("docker.io/library/app:1")
	other = image.Reference("registry.example/team/other:2.0")
)

// mixed is a source with an image of two names, an index of two platforms and an attestation, a tag alone and an
// image of no name.
func mixed(t *testing.T) *testBlobs {
	t.Helper()
	s := &testBlobs{}
	s.root(s.image(t, "linux/amd64", "a", "b", "a"), app, other)
	attestation := s.addJSON(t, ocispec.MediaTypeImageManifest, map[string]any{
		"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageManifest,
		"config": s.add(ocispec.MediaTypeImageConfig, []byte("{}")),
		"layers": []image.Descriptor{s.add("application/vnd.in-toto+json", []byte(`{"a":1}`))},
	})
	attestation.Platform = &image.Platform{OS: "unknown", Architecture: "unknown"}
	s.root(s.index(t, s.image(t, "linux/arm64", "a", "c"), s.image(t, "linux/amd64", "a", "d"), attestation),
		"docker.io/library/multi:latest")
	tagged := s.image(t, "linux/amd64", "e")
	tagged.Annotations = map[string]string{image.AnnotationRefName: "v1"}
	s.root(tagged)
	return s
}

var amd64 = image.Platform{OS: "linux", Architecture: "amd64"}

// The bytes of archives are a promise: the same input gives the same output, on any number of CPUs.
func TestWriterGolden(t *testing.T) {
	tests := []struct {
		name string
		save func(*testing.T) []byte
		want string
	}{
		{
			"docker", func(t *testing.T) []byte { return saved(t, mixed(t), WriterOptions{Host: amd64}) },
			"42c0a41d5956c246aea7a4459530b84f9ad5f5b45cec24f548471491a70d83cb",
		},
		{
			"oci", func(t *testing.T) []byte { return saved(t, mixed(t), WriterOptions{Format: FormatOCI}) },
			"4c114513c50d351dd25e59ea128e128c50c9367308e1ad9ee21614d4e43c3df0",
		},
		{
			"docker-v1", func(t *testing.T) []byte { return savedV1(t, mixed(t), WriterOptions{Host: amd64}) },
			"ed87a0530b45335f4ea7c26618d8df83d2323285a4f2ac4726fc79898526c8c4",
		},
	}
	for _, tt := range tests {
		for _, cpus := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s on %d", tt.name, cpus), func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cpus))
				if got := fmt.Sprintf("%x", sha256.Sum256(tt.save(t))); got != tt.want {
					t.Errorf("sha256 is %s, want %s", got, tt.want)
				}
			})
		}
	}
}

func TestSpec12WriterDocker(t *testing.T) {
	s := mixed(t)
	headers, content := members(t, bytes.NewReader(saved(t, s, WriterOptions{Host: amd64})))
	wantNames := []string{"blobs/", "blobs/sha256/"}
	for _, d := range s.graph(t).Blobs() {
		wantNames = append(wantNames, blobName(d.Digest))
		if got := digest.FromBytes(content[blobName(d.Digest)]); got != d.Digest {
			t.Errorf("blob %s has digest %s", d.Digest, got)
		}
	}
	wantNames = append(wantNames, "index.json", "manifest.json", "oci-layout", "repositories")
	if diff := cmp.Diff(wantNames, memberNames(headers)); diff != "" {
		t.Error(diff)
	}
	for _, hdr := range headers {
		if hdr.Uid != 0 || hdr.Gid != 0 || hdr.Uname != "" || !hdr.ModTime.Equal(time.Unix(0, 0)) || hdr.Format != tar.FormatUSTAR {
			t.Errorf("header %+v", hdr)
		}
	}
	var entries []manifestEntry
	decode(t, content["manifest.json"], &entries)
	var tags [][]string
	for _, e := range entries {
		tags = append(tags, e.RepoTags)
		for _, name := range append(e.Layers, e.Config) {
			if content[name] == nil {
				t.Errorf("%s is not in the archive", name)
			}
		}
	}
	// The image for amd64 has the name of the index, the other one, and that with a tag alone, have none.
	want := [][]string{{"app:1", "registry.example/team/other:2.0"}, nil, {"multi:latest"}, nil}
	if diff := cmp.Diff(want, tags); diff != "" {
		t.Errorf("RepoTags: %s", diff)
	}
	if !bytes.Contains(content["manifest.json"], []byte(`"RepoTags":null`)) {
		t.Errorf("manifest.json: %s", content["manifest.json"])
	}
	hexOf := func(file string) string { return digest.FromBytes(testLayer(t, file)).Encoded() }
	var repositories map[string]map[string]string
	decode(t, content["repositories"], &repositories)
	wantRepositories := map[string]map[string]string{
		"app": {"1": hexOf("a")}, "multi": {"latest": hexOf("d")}, "registry.example/team/other": {"2.0": hexOf("a")},
	}
	if diff := cmp.Diff(wantRepositories, repositories); diff != "" {
		t.Errorf("repositories: %s", diff)
	}
}

func TestSpec10WriterIndex(t *testing.T) {
	s := mixed(t)
	plain := s.image(t, "linux/amd64", "f")
	plain.MediaType = ""
	s.roots = append(s.roots, image.Root{Descriptor: plain, Name: "docker.io/library/plain:latest"})
	full := s.image(t, "linux/amd64", "g")
	full.Annotations = map[string]string{image.AnnotationRefName: "docker.io/library/full:1"}
	s.roots = append(s.roots, image.Root{Descriptor: full, Name: "docker.io/library/full:1"})
	type names struct{ Name, RefName string }
	both := []names{
		{string(app), "1"},
		{string(other), "2.0"},
		{"docker.io/library/multi:latest", "latest"},
		{"", "v1"},
		{"docker.io/library/plain:latest", "latest"},
	}
	tests := []struct {
		name   string
		format Format
		want   []names
	}{
		{"docker", FormatDocker, append(both[:5:5], names{"docker.io/library/full:1", "docker.io/library/full:1"})},
		{"oci", FormatOCI, append(both[:5:5], names{"", "docker.io/library/full:1"})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, content := members(t, bytes.NewReader(saved(t, s, WriterOptions{Format: tt.format})))
			var x ocispec.Index
			decode(t, content["index.json"], &x)
			var got []names
			for i, d := range x.Manifests {
				got = append(got, names{d.Annotations[image.AnnotationName], d.Annotations[image.AnnotationRefName]})
				if d.Digest != s.roots[i].Digest || d.MediaType == "" {
					t.Errorf("descriptor %d is %+v", i, d)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if _, ok := content["manifest.json"]; ok != (tt.format == FormatDocker) {
				t.Errorf("manifest.json is there: %t", ok)
			}
		})
	}
}

// Several roots of one name are the platforms of one image: the host's has the name in manifest.json.
func TestSpec12WriterNameOfSeveralRoots(t *testing.T) {
	s := &testBlobs{}
	s.root(s.image(t, "linux/arm64", "a"), app)
	s.root(s.image(t, "linux/amd64", "b"), app)
	tests := []struct {
		host image.Platform
		want string
	}{
		{amd64, "b"},
		{image.Platform{OS: "linux", Architecture: "arm64"}, "a"},
		{image.Platform{OS: "linux", Architecture: "s390x"}, "a"},
		{image.Platform{}, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.host.Architecture, func(t *testing.T) {
			_, content := members(t, bytes.NewReader(saved(t, s, WriterOptions{Host: tt.host})))
			var entries []manifestEntry
			decode(t, content["manifest.json"], &entries)
			for _, e := range entries {
				named := e.Layers[0] == blobName(digest.FromBytes(testLayer(t, tt.want)))
				if (len(e.RepoTags) == 1) != named {
					t.Errorf("%+v", e)
				}
			}
		})
	}
}

func TestWriterRepoTags(t *testing.T) {
	const digested = image.Reference("docker.io/library/app@sha256:" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	tests := []struct {
		name string
		root func(image.Descriptor) image.Root
		want []string
	}{
		{"no name", func(d image.Descriptor) image.Root { return image.Root{Descriptor: d} }, nil},
		{"name", func(d image.Descriptor) image.Root { return image.Root{Descriptor: d}.Named(app) }, []string{"app:1"}},
		{"spelled in full", func(d image.Descriptor) image.Root {
			d.Annotations = map[string]string{image.AnnotationRefName: "docker.io/library/app:1"}
			return image.Root{Descriptor: d, Name: app}
		}, []string{"docker.io/library/app:1"}},
		{"digest alone", func(d image.Descriptor) image.Root { return image.Root{Descriptor: d}.Named(digested) }, nil},
		{"tag and digest", func(d image.Descriptor) image.Root {
			return image.Root{Descriptor: d}.Named(app + digested[len("docker.io/library/app"):])
		}, []string{"app:1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &testBlobs{}
			s.roots = []image.Root{tt.root(s.image(t, "linux/amd64", "a"))}
			_, content := members(t, bytes.NewReader(saved(t, s, WriterOptions{})))
			var entries []manifestEntry
			decode(t, content["manifest.json"], &entries)
			if diff := cmp.Diff(tt.want, entries[0].RepoTags); diff != "" {
				t.Error(diff)
			}
			if _, ok := content["repositories"]; ok != (tt.want != nil) {
				t.Errorf("repositories is there: %t", ok)
			}
		})
	}
}

func TestWriterSchema(t *testing.T) {
	for _, format := range []Format{FormatDocker, FormatOCI} {
		_, content := members(t, bytes.NewReader(saved(t, mixed(t), WriterOptions{Format: format})))
		if err := schema.ValidatorMediaTypeImageIndex.Validate(bytes.NewReader(content["index.json"])); err != nil {
			t.Errorf("index.json: %v", err)
		}
		if err := schema.ValidatorMediaTypeLayoutHeader.Validate(bytes.NewReader(content["oci-layout"])); err != nil {
			t.Errorf("oci-layout: %v", err)
		}
	}
	_, content := members(t, bytes.NewReader(saved(t, &testBlobs{}, WriterOptions{})))
	if err := schema.ValidatorMediaTypeImageIndex.Validate(bytes.NewReader(content["index.json"])); err != nil {
		t.Errorf("index.json without images: %v", err)
	}
}

func TestWriterOtherAlgorithms(t *testing.T) {
	s := &testBlobs{}
	layer := s.addAs(digest.SHA512, ocispec.MediaTypeImageLayer, testLayer(t, "a"))
	config := s.addAs(digest.SHA512, ocispec.MediaTypeImageConfig,
		fmt.Appendf(nil, `{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[%q]}}`, digest.FromBytes(testLayer(t, "a"))))
	raw, err := image.NewManifest(config, []image.Descriptor{layer})
	if err != nil {
		t.Fatal(err)
	}
	s.root(s.addAs(digest.SHA512, ocispec.MediaTypeImageManifest, raw), app)
	headers, content := members(t, bytes.NewReader(saved(t, s, WriterOptions{})))
	want := []string{
		"blobs/", "blobs/sha512/", blobName(config.Digest), blobName(layer.Digest), blobName(s.roots[0].Digest),
		"blobs/sha256/", "index.json", "manifest.json", "oci-layout", "repositories",
	}
	if diff := cmp.Diff(want, memberNames(headers)); diff != "" {
		t.Error(diff)
	}
	if !bytes.Contains(content["manifest.json"], []byte(`"blobs/sha512/`+layer.Digest.Encoded()+`"`)) {
		t.Errorf("manifest.json: %s", content["manifest.json"])
	}
}

func TestWriterRefuses(t *testing.T) {
	good := []byte("bytes of a layer")
	d := image.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: digest.FromBytes(good), Size: int64(len(good))}
	document := d
	document.MediaType = ocispec.MediaTypeImageManifest
	resized := func(d image.Descriptor, by int64) image.Descriptor { d.Size += by; return d }
	tests := []struct {
		name string
		d    image.Descriptor
		raw  string
	}{
		{"other content", d, "bytes of a loyer"},
		{"too short", d, "bytes"},
		{"too long", d, "bytes of a layer, and more"},
		{"size too small", resized(d, -1), string(good)},
		{"size too large", resized(d, +1), string(good)},
		{"negative size", resized(d, -100), string(good)},
		{"document of other content", document, "bytes of a loyer"},
		{"document too short", document, "bytes"},
		{"document too long", document, "bytes of a layer, and more"},
		{"digest that is a path", image.Descriptor{Digest: "sha256:../../../etc/passwd", Size: 1}, "x"},
		{"unknown algorithm", image.Descriptor{Digest: "md5:d41d8cd98f00b204e9800998ecf8427e"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWriter(io.Discard, WriterOptions{})
			defer w.Close()
			if err := w.Put(t.Context(), tt.d, strings.NewReader(tt.raw)); !errors.Is(err, image.ErrDamaged) {
				t.Errorf("Put: %v, want damage", err)
			}
		})
	}
}

// An archive with an unfinished member is of no use: nothing is added to it, and it is never complete.
func TestWriterStaysBroken(t *testing.T) {
	good := []byte("bytes")
	d := image.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: digest.FromBytes(good), Size: 5}
	w := NewWriter(io.Discard, WriterOptions{})
	defer w.Close()
	first := w.Put(t.Context(), d, strings.NewReader("byte"))
	if first == nil {
		t.Fatal("four bytes of five were taken")
	}
	if err := w.Put(t.Context(), d, bytes.NewReader(good)); !errors.Is(err, first) {
		t.Errorf("Put: %v, want %v", err, first)
	}
	if err := w.Commit(t.Context(), nil); !errors.Is(err, first) {
		t.Errorf("Commit: %v, want %v", err, first)
	}
}

func TestWriterPutTwice(t *testing.T) {
	raw := []byte("bytes")
	d := image.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: digest.FromBytes(raw), Size: 5}
	var buf bytes.Buffer
	w := NewWriter(&buf, WriterOptions{})
	defer w.Close()
	again := strings.NewReader("bytes")
	if err := errors.Join(w.Put(t.Context(), d, bytes.NewReader(raw)), w.Put(t.Context(), d, again)); err != nil {
		t.Fatal(err)
	}
	if again.Len() != 5 {
		t.Error("a blob that stands in the archive was read again")
	}
	d.Size = 6
	if err := w.Put(t.Context(), d, bytes.NewReader(raw)); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("the same digest with another size: %v, want damage", err)
	}
	if err := w.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	headers, _ := members(t, &buf)
	if len(headers) != 6 { // two directories, the blob, index.json, manifest.json, oci-layout
		t.Errorf("members: %q", memberNames(headers))
	}
	if err := w.Put(t.Context(), d, nil); err == nil {
		t.Error("Put after Commit is no error")
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Errorf("Close after Commit: %v", err)
	}
}

func TestWriterRootThatIsNotThere(t *testing.T) {
	w := NewWriter(io.Discard, WriterOptions{})
	defer w.Close()
	root := image.Root{Descriptor: image.Descriptor{Digest: digest.FromString("x"), Size: 1}}
	if err := w.Commit(t.Context(), []image.Root{root}); !errors.Is(err, image.ErrMissing) {
		t.Errorf("Commit: %v, want a missing blob", err)
	}
}

// A full disk is found out wherever it becomes full.
func TestPromise05WriterFails(t *testing.T) {
	s := mixed(t)
	g := s.graph(t)
	forms := map[string]func(io.Writer) error{
		"docker":    func(w io.Writer) error { return save(t.Context(), w, s, g, WriterOptions{}) },
		"oci":       func(w io.Writer) error { return save(t.Context(), w, s, g, WriterOptions{Format: FormatOCI}) },
		"docker-v1": func(w io.Writer) error { return WriteV1(t.Context(), w, s, g, WriterOptions{}) },
	}
	for name, write := range forms {
		t.Run(name, func(t *testing.T) {
			n := 0
			for ; ; n++ {
				err := write(&failingWriter{n})
				if err == nil {
					break
				}
				if !errors.Is(err, errFull) {
					t.Fatalf("write %d fails: %v", n+1, err)
				}
			}
			if n < 40 {
				t.Errorf("only %d writes", n)
			}
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Skip(err)
			}
			defer full.Close()
			if err := write(full); err == nil {
				t.Error("written to /dev/full")
			}
		})
	}
}

func TestWriterCancelled(t *testing.T) {
	s := mixed(t)
	g := s.graph(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := save(ctx, io.Discard, s, g, WriterOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("save: %v", err)
	}
	if err := WriteV1(ctx, io.Discard, s, g, WriterOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("WriteV1: %v", err)
	}
}

func TestSpec20WriterWarns(t *testing.T) {
	files := make([]string, 126)
	for i := range files {
		files[i] = strconv.Itoa(i)
	}
	zstd := func(t *testing.T, s *testBlobs) {
		config := s.add(ocispec.MediaTypeImageConfig, []byte(`{"os":"linux","architecture":"amd64"}`))
		raw, err := image.NewManifest(config, []image.Descriptor{s.add(ocispec.MediaTypeImageLayerZstd, []byte("z"))})
		if err != nil {
			t.Fatal(err)
		}
		s.root(s.add(ocispec.MediaTypeImageManifest, raw), app)
		s.root(s.roots[0].Descriptor, other)
	}
	tests := []struct {
		name   string
		format Format
		fill   func(*testing.T, *testBlobs)
		want   []string
	}{
		{"nothing", FormatDocker, func(t *testing.T, s *testBlobs) { s.root(s.image(t, "linux/amd64", files[:125]...)) }, nil},
		{"zstd", FormatDocker, zstd, []string{"layers are compressed with zstd: docker 20.10 and crane cannot load them"}},
		{
			"126 layers", FormatDocker,
			func(t *testing.T, s *testBlobs) { s.root(s.image(t, "linux/amd64", files...), app, other) },
			[]string{"an image has 126 layers: docker's overlay2 store takes at most 125"},
		},
		{"layers to be fetched", FormatDocker, func(t *testing.T, s *testBlobs) {
			config := s.add(ocispec.MediaTypeImageConfig, []byte(`{"os":"windows","architecture":"amd64"}`))
			foreign := image.Descriptor{
				MediaType: image.MediaTypeDockerForeignLayer, Digest: digest.FromString("far"), Size: 3, URLs: []string{"https://example.com/far"},
			}
			raw, err := image.NewManifest(config, []image.Descriptor{foreign})
			if err != nil {
				t.Fatal(err)
			}
			s.root(s.add(ocispec.MediaTypeImageManifest, raw), app)
		}, []string{"1 images have layers that are to be fetched from elsewhere: docker before 25 cannot load them"}},
		{"oci", FormatOCI, zstd, []string{"an OCI archive: docker without the containerd image store and crane cannot load it"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &testBlobs{}
			tt.fill(t, s)
			var got []string
			saved(t, s, WriterOptions{Format: tt.format, Warn: func(w string) { got = append(got, w) }})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWriterModTime(t *testing.T) {
	at := time.Unix(1700000000, 5)
	for name, archive := range map[string][]byte{
		"docker":    saved(t, mixed(t), WriterOptions{ModTime: at}),
		"docker-v1": savedV1(t, mixed(t), WriterOptions{ModTime: at}),
	} {
		headers, _ := members(t, bytes.NewReader(archive))
		for _, hdr := range headers {
			if hdr.ModTime.Unix() != at.Unix() || hdr.Format != tar.FormatUSTAR {
				t.Errorf("%s: %s: %v, %v", name, hdr.Name, hdr.ModTime, hdr.Format)
			}
		}
	}
}

// A size that USTAR cannot hold is written in a PAX record.
func TestWriterLargeBlob(t *testing.T) {
	for _, tt := range []struct {
		size int64
		want byte
	}{{8<<30 - 1, tar.TypeReg}, {8 << 30, tar.TypeXHeader}} {
		var buf bytes.Buffer
		e := newEntryWriter(&buf, false)
		if err := e.regular("blobs/sha256/large", tt.size, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		if got := buf.Bytes()[156]; got != tt.want {
			t.Errorf("size %d: first header has type %q, want %q", tt.size, got, tt.want)
		}
		hdr, err := tar.NewReader(&buf).Next()
		if err != nil || hdr.Size != tt.size {
			t.Errorf("size %d: read %+v, %v", tt.size, hdr, err)
		}
	}
}

func TestWriterGNUTar(t *testing.T) {
	program, err := exec.LookPath("tar")
	if err != nil {
		t.Skip(err)
	}
	for name, archive := range map[string][]byte{
		"docker":    saved(t, mixed(t), WriterOptions{}),
		"docker-v1": savedV1(t, mixed(t), WriterOptions{}),
	} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, archive, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), program, "-tf", file).CombinedOutput()
		headers, _ := members(t, bytes.NewReader(archive))
		if want := strings.Join(memberNames(headers), "\n") + "\n"; err != nil || string(out) != want {
			t.Errorf("%s: %v: %s", name, err, cmp.Diff(want, string(out)))
		}
	}
}

func ExampleWriter() {
	ctx := context.Background()
	var archive bytes.Buffer
	w := NewWriter(&archive, WriterOptions{Format: FormatOCI})
	defer w.Close()
	config := []byte(`{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}`)
	d := image.Descriptor{MediaType: ocispec.MediaTypeImageConfig, Digest: digest.FromBytes(config), Size: int64(len(config))}
	manifest, err := image.NewManifest(d, nil)
	if err != nil {
		fmt.Println(err)
	}
	m := image.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(manifest), Size: int64(len(manifest))}
	err = errors.Join(
		w.Put(ctx, d, bytes.NewReader(config)),
		w.Put(ctx, m, bytes.NewReader(manifest)),
		w.Commit(ctx, []image.Root{image.Root{Descriptor: m}.Named("docker.io/library/empty:latest")}),
	)
	fmt.Println(err, archive.Len())
	// Output: <nil> 6144
}
