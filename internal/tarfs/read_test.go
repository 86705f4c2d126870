package tarfs_test

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/internal/tarscan"
)

func TestRead(t *testing.T) {
	archive := archiveOf(t, dirMember("d"), file("d/a", "one"), symlink("l", "d/a"), hardLink("h", "d/a"), file("b", "two"), file("dropped", "x"), special("p", tar.TypeFifo))
	in := strings.NewReader(archive + "rest")
	var seen []string
	f, err := tarfs.Read(in, func(h *tarscan.Header, data io.Reader) (tarfs.Content, error) {
		seen = append(seen, h.Name)
		if h.Name == "dropped" {
			return nil, nil
		}
		return keepAll(h, data)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"d/a", "b", "dropped"}, seen); diff != "" {
		t.Errorf("members handed over (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"d/a": "one", "l": "one", "h": "one", "b": "two"} {
		if got, err := f.ReadFile(name); string(got) != want || err != nil {
			t.Errorf("ReadFile(%s): %q, %v", name, got, err)
		}
	}
	if _, err := f.Open("dropped"); !errors.Is(err, tarfs.ErrNoContent) {
		t.Errorf("Open of what was not kept: %v", err)
	}
	if in.Len() != len("rest") {
		t.Errorf("%d bytes are left, want those behind the archive", in.Len())
	}
}

func TestReadSparse(t *testing.T) {
	f, err := tarfs.Read(strings.NewReader(sparseArchive()), keepAll)
	if err != nil {
		t.Fatal(err)
	}
	if logical, stored := f.Sparse(); logical != 12 || stored != 5 {
		t.Errorf("sparse: %d bytes, %d stored; want 12 and 5", logical, stored)
	}
	if got, err := f.ReadFile("f"); string(got) != sparseText || err != nil {
		t.Errorf("ReadFile: %q, %v", got, err)
	}
}

func TestReadStopsWithKeep(t *testing.T) {
	full := errors.New("disk full")
	_, err := tarfs.Read(strings.NewReader(archiveOf(t, file("a", "1"))), func(*tarscan.Header, io.Reader) (tarfs.Content, error) {
		return nil, full
	})
	if !errors.Is(err, full) || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("Read: %v", err)
	}
}

// TestReadFileIsBounded is about sizes that an archive only claims: a sparse
// file of 1 TiB has no data.
func TestReadFileIsBounded(t *testing.T) {
	var b strings.Builder
	w := tar.NewWriter(&b)
	record := func(s string) string { return fmt.Sprintf("%d %s\n", len(s)+4, s) } // of 10 to 99 bytes
	text := record("GNU.sparse.size=1099511627776") + record("GNU.sparse.map=0,0")
	if err := w.WriteHeader(&tar.Header{Name: "x", Typeflag: tar.TypeReg, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	f := open(t, retype(b.String(), 'x')+padded(text)+archiveOf(t, file("huge", "")))
	if in, err := f.Stat("huge"); err != nil || in.Size() != 1<<40 {
		t.Fatalf("Stat: %v, %v", in, err)
	}
	if _, err := f.ReadFile("huge"); !errors.Is(err, tarfs.ErrTooLarge) {
		t.Errorf("ReadFile: %v", err)
	}
	opened, err := f.Open("huge")
	if err != nil {
		t.Fatal(err)
	}
	p := []byte("?")
	if _, err := opened.(io.ReaderAt).ReadAt(p, 1<<39); err != nil || p[0] != 0 {
		t.Errorf("ReadAt: %q, %v", p, err)
	}
}

// retype returns the first header block of an archive with another type.
func retype(archive string, kind byte) string {
	b := []byte(archive[:512])
	sum := 0
	if _, err := fmt.Sscanf(string(b[148:154]), "%o", &sum); err != nil {
		panic(err) // our own archive
	}
	copy(b[148:], fmt.Sprintf("%06o", sum+int(kind)-int(b[156])))
	b[156] = kind
	return string(b)
}

func padded(text string) string { return text + strings.Repeat("\x00", -len(text)&511) }

// bigArchive has members of 70 MB each in no memory: headers where they belong
// and zeros between them.
type bigArchive struct {
	headers map[int64]string
	size    int64
	reads   int
	bytes   int64
}

func (b *bigArchive) ReadAt(p []byte, off int64) (int, error) {
	b.reads++
	b.bytes += int64(len(p))
	clear(p)
	for at := off &^ 511; at < off+int64(len(p)); at += 512 {
		if h, ok := b.headers[at]; ok && at >= off {
			copy(p[at-off:], h)
		}
	}
	if off+int64(len(p)) > b.size {
		return int(b.size - off), io.EOF
	}
	return len(p), nil
}

func newBigArchive(t testing.TB) *bigArchive {
	t.Helper()
	const members, size = 300, 70_000_000
	b := &bigArchive{headers: map[int64]string{}}
	for i := range members {
		var header strings.Builder
		h := &tar.Header{Name: fmt.Sprintf("blobs/sha256/%064d", i), Typeflag: tar.TypeReg, Size: size}
		if err := tar.NewWriter(&header).WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		b.headers[b.size] = header.String()
		b.size += 512 + (size+511)&^511
	}
	b.size += 1024
	return b
}

// TestReadsHeadersOnly is the promise that an archive of 21 GB is opened by
// reading less than 300 KB of it.
func TestReadsHeadersOnly(t *testing.T) {
	big := newBigArchive(t)
	f, err := tarfs.Open(big, big.size)
	if err != nil {
		t.Fatal(err)
	}
	if big.bytes > 300_000 || big.reads > 310 {
		t.Errorf("%d bytes in %d reads of %d bytes", big.bytes, big.reads, big.size)
	}
	before := big.bytes
	if in, err := fs.Stat(f, fmt.Sprintf("blobs/sha256/%064d", 299)); err != nil || in.Size() != 70_000_000 {
		t.Errorf("Stat: %v, %v", in, err)
	}
	if big.bytes != before {
		t.Errorf("Stat reads %d bytes", big.bytes-before)
	}
}

func BenchmarkOpen(b *testing.B) {
	big := newBigArchive(b)
	for b.Loop() {
		if _, err := tarfs.Open(big, big.size); err != nil {
			b.Fatal(err)
		}
	}
}
