package compression_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/imgtool/imgtool/compression"
)

// writeIn writes p in pieces of size bytes.
func writeIn(tb testing.TB, p []byte, s compression.Spec, size int) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := compression.NewWriter(&b, s)
	if err != nil {
		tb.Fatal(err)
	}
	for len(p) > 0 {
		n := min(size, len(p))
		if _, err := w.Write(p[:n]); err != nil {
			tb.Fatal(err)
		}
		p = p[n:]
	}
	for range 2 {
		if err := w.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	if s.Format == compression.None {
		return b.Bytes()
	}
	if _, err := w.Write([]byte("x")); err == nil {
		tb.Error("a closed writer takes more")
	}
	return b.Bytes()
}

// What is written depends on the input and the spec alone. A change of these
// sums means that klauspost/compress (or pgzip) has changed what it writes,
// and that the digests of all converted images change with it: that is for
// the CHANGELOG, never an accident of an update.
func TestWriterGolden(t *testing.T) {
	golden := map[string]string{
		"gzip":    "97cb2351f0a9648f6123301369cc3e468ef9d9341edb9e91ff3b6e0b693875c3",
		"gzip:9":  "f84469044500ea839a986b4290ce4a0c76aed6c0977ed99be4f6b8ea17058ced",
		"zstd":    "648da62be8244a08f0b9e5c3bb7a882a61f105a49c2c55b2f2235ffa409d500a",
		"zstd:19": "e6722858f71096798b94f67f841457bf9b6a7a5e454ef549be7e4741e82d75a0",
	}
	p := corpus(2<<20 + 12345)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for spec, want := range golden {
		t.Run(spec, func(t *testing.T) {
			s, err := compression.ParseSpec(spec)
			if err != nil {
				t.Fatal(err)
			}
			for _, run := range []struct{ procs, size int }{{1, len(p)}, {4, 32 << 10}, {4, 999}} {
				runtime.GOMAXPROCS(run.procs)
				sum := sha256.Sum256(writeIn(t, p, s, run.size))
				if got := hex.EncodeToString(sum[:]); got != want {
					t.Errorf("%d processors, writes of %d bytes: %s, want %s", run.procs, run.size, got, want)
				}
			}
		})
	}
}

func TestWriterRoundTrip(t *testing.T) {
	for _, spec := range []string{"none", "gzip", "gzip:1", "gzip:9", "zstd", "zstd:1", "zstd:7", "zstd:22"} {
		for _, size := range []int{0, 1, 1000, 1 << 20, 1<<20 + 1} {
			s, err := compression.ParseSpec(spec)
			if err != nil {
				t.Fatal(err)
			}
			p := corpus(size)
			packed := writeIn(t, p, s, 4096)
			if f := compression.Detect(packed); f != s.Format {
				t.Errorf("%s of %d bytes is detected as %v", spec, size, f)
			}
			if got, err := read(packed, s.Format, compression.Limits{}); err != nil || !bytes.Equal(got, p) {
				t.Errorf("%s of %d bytes: %d bytes came back, %v", spec, size, len(got), err)
			}
		}
	}
}

func TestGzipHeader(t *testing.T) {
	got := writeIn(t, nil, compression.Spec{Format: compression.Gzip}, 1)[:10]
	if want := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}; !bytes.Equal(got, want) {
		t.Errorf("header %x, want %x: no flags, no time, unknown system", got, want)
	}
}

func TestNewWriterRefuses(t *testing.T) {
	for _, s := range []compression.Spec{
		{Format: compression.Xz},
		{Format: compression.Bzip2},
		{Format: 99},
		{Format: compression.None, Level: 1},
		{Format: compression.Gzip, Level: 10},
		{Format: compression.Gzip, Level: -1},
		{Format: compression.Zstd, Level: 23},
	} {
		if _, err := compression.NewWriter(io.Discard, s); err == nil {
			t.Errorf("NewWriter takes %v", s)
		}
	}
}

// full takes n bytes and no more.
type full struct{ n int }

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	n := min(f.n, len(p))
	f.n -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// An error of the writer below is reported by Close at the latest, and
// leaves no goroutine behind.
func TestWriterErrors(t *testing.T) {
	before := runtime.NumGoroutine()
	p := corpus(4 << 20)
	for _, f := range []compression.Format{compression.Gzip, compression.Zstd} {
		whole := len(writeIn(t, p, compression.Spec{Format: f}, len(p)))
		for _, n := range []int{0, 5, 10, whole / 2, whole - 8, whole - 1} {
			w, err := compression.NewWriter(&full{n}, compression.Spec{Format: f})
			if err != nil {
				t.Fatal(err)
			}
			_, werr := w.Write(p)
			if cerr := w.Close(); !errors.Is(werr, errFull) && !errors.Is(cerr, errFull) {
				t.Errorf("%v, room for %d of %d bytes: errors %v, %v; want %v", f, n, whole, werr, cerr, errFull)
			}
		}
	}
	waitGoroutines(t, before)
}
