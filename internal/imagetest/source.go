package imagetest

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// TestSource is the suite that every [image.Source] passes. The source has at least one root, and nothing in it is
// damaged.
func TestSource(t *testing.T, src image.Source) {
	t.Helper()
	ctx := t.Context()
	roots, err := src.Roots(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(roots) == 0 {
		t.Fatal("the source has no roots")
	}
	graph, err := image.Walk(ctx, src, roots)
	if err != nil {
		t.Fatal(err)
	}
	blobs := graph.Blobs()
	t.Run("roots are the same each time", func(t *testing.T) { sameRoots(t, src, roots) })
	t.Run("blobs are what their descriptors say", func(t *testing.T) {
		for _, d := range blobs {
			if ok, err := src.Has(t.Context(), d); !ok || err != nil {
				t.Errorf("Has(%s) = %t, %v", d.Digest, ok, err)
			}
			checkBlob(t, src, d)
		}
	})
	t.Run("blobs are read at random", func(t *testing.T) {
		for _, d := range blobs {
			randomAccess(t, src, d)
		}
	})
	t.Run("many read at once", func(t *testing.T) { manyReaders(t, src, blobs) })
	t.Run("a blob that is not here", func(t *testing.T) { absentBlob(t, src) })
	t.Run("a digest that is none", func(t *testing.T) { invalidDigests(t, src) })
}

func sameRoots(t *testing.T, src image.Source, want []image.Root) {
	t.Helper()
	got, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roots (-first +second):\n%s", diff)
	}
	for _, r := range want {
		if err := image.ValidDescriptor(r.Descriptor); err != nil {
			t.Error(err)
		}
		if name := image.ReferenceOf(r.Annotations); name != r.Name {
			t.Errorf("root %s has the name %q, and %q in its annotations", r.Digest, r.Name, name)
		}
	}
}

func randomAccess(t *testing.T, src image.Source, d image.Descriptor) {
	t.Helper()
	blob, err := src.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	whole, err := io.ReadAll(blob.Reader())
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{0, 1, d.Size / 2, d.Size - 1} {
		if at < 0 || at >= d.Size {
			continue
		}
		part := make([]byte, min(7, d.Size-at))
		if n, err := blob.ReadAt(part, at); n != len(part) || err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("blob %s: ReadAt(%d bytes, %d) = %d, %v", d.Digest, len(part), at, n, err)
		}
		if !bytes.Equal(part, whole[at:at+int64(len(part))]) {
			t.Errorf("blob %s: ReadAt(%d) gives other bytes than reading it all", d.Digest, at)
		}
	}
	if n, err := blob.ReadAt(make([]byte, 8), d.Size); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("blob %s: ReadAt behind its end = %d, %v, want 0 and EOF", d.Digest, n, err)
	}
}

func manyReaders(t *testing.T, src image.Source, blobs []image.Descriptor) {
	t.Helper()
	errs := make(chan error, 8*len(blobs))
	var group sync.WaitGroup
	for range 8 {
		for _, d := range blobs {
			group.Go(func() {
				blob, err := src.Open(t.Context(), d)
				if err == nil {
					err = errors.Join(image.VerifyReader(blob.Reader(), d), blob.Close())
				}
				errs <- err
			})
		}
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

func absentBlob(t *testing.T, src image.Source) {
	t.Helper()
	for _, algorithm := range []digest.Algorithm{digest.SHA256, digest.SHA512} {
		d := image.Descriptor{Digest: algorithm.FromString("nowhere"), Size: 7}
		if ok, err := src.Has(t.Context(), d); ok || err != nil {
			t.Errorf("Has(%s) = %t, %v, want false", d.Digest, ok, err)
		}
		blob, err := src.Open(t.Context(), d)
		if !errors.Is(err, image.ErrMissing) {
			t.Errorf("Open(%s) = %v, %v, want an error that matches ErrMissing", d.Digest, blob, err)
		}
	}
}

// hostileDigests are strings in the place of a digest that are none.
var hostileDigests = []digest.Digest{
	"", "sha256", "sha256:", "sha256:../../../../etc/passwd", "../../etc/passwd", "sha256:ABCDEF", "sha256:abcdef",
	"/etc/passwd", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:/etc/passwd", "sha256:.",
	"sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
	"../sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/..",
}

func invalidDigests(t *testing.T, src image.Source) {
	t.Helper()
	for _, bad := range hostileDigests {
		d := image.Descriptor{Digest: bad, Size: 1}
		if ok, _ := src.Has(t.Context(), d); ok {
			t.Errorf("Has(%q) = true", bad)
		}
		if _, err := src.Open(t.Context(), d); err == nil {
			t.Errorf("Open(%q) succeeds", bad)
		}
	}
}
