package compression_test

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/imgtool/imgtool/compression"
)

// fuzzLimits keeps a run of the fuzzer short.
var fuzzLimits = compression.Limits{Bytes: 1 << 20}

// checkKind fails for an error of a stream that has no kind.
func checkKind(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, compression.ErrCorrupt) && !errors.Is(err, compression.ErrExpansion) {
		t.Errorf("error %v has no kind", err)
	}
}

// FuzzGzip compares with the standard library. Two differences are meant: an
// empty file and trailing zeros.
func FuzzGzip(f *testing.F) {
	f.Add(gzipMember(31, "\x01\x00xname\x00comment\x00", "abc"))
	f.Add(join(toGzip(f, corpus(2000)), gzipMember(0, "", "")))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := read(in, compression.Gzip, fuzzLimits)
		checkKind(t, err)
		if errors.Is(err, compression.ErrExpansion) {
			return
		}
		var want []byte
		z, werr := gzip.NewReader(bytes.NewReader(in))
		if werr == nil {
			want, werr = io.ReadAll(z)
		}
		if err == nil && werr != nil {
			// Zeros may follow a stream, as a header they are damage.
			if !errors.Is(werr, gzip.ErrHeader) && !errors.Is(werr, io.ErrUnexpectedEOF) || in[len(in)-1] != 0 {
				t.Fatalf("read %d bytes, the standard library refuses: %v", len(got), werr)
			}
		}
		if err != nil && werr == nil {
			// A member cut within its header's strings ends the standard
			// library's stream without an error.
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("refused (%v) what the standard library reads", err)
			}
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("read %d bytes, the standard library %d", len(got), len(want))
		}
	})
}

func FuzzZstd(f *testing.F) {
	f.Add(join(skippable("note"), toZstd(f, corpus(2000)), toZstd(f, nil)))
	f.Add(zstdWindow(16))
	f.Fuzz(func(t *testing.T, in []byte) {
		_, err := read(in, compression.Zstd, fuzzLimits)
		checkKind(t, err)
	})
}

// FuzzXz compares with the container reader of ulikunitz/xz: what is read
// here is read there, as the same bytes. Not the other way round, since it
// takes some cut files for whole.
func FuzzXz(f *testing.F) {
	f.Add(toXz(f, corpus(5000)))
	f.Add(join(toXz(f, []byte("abc")), make([]byte, 4), toXz(f, nil)))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := read(in, compression.Xz, fuzzLimits)
		checkKind(t, err)
		if err != nil {
			return
		}
		r, err := xz.NewReader(bytes.NewReader(in))
		if err != nil {
			t.Fatalf("read what ulikunitz/xz refuses: %v", err)
		}
		if want, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("read %d bytes, ulikunitz/xz %d, %v", len(got), len(want), err)
		}
	})
}

func FuzzBzip2(f *testing.F) {
	f.Add(fromHex(f, helloBzip2))
	f.Add(fromHex(f, emptyBzip2))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := read(in, compression.Bzip2, fuzzLimits)
		checkKind(t, err)
		if errors.Is(err, compression.ErrExpansion) {
			return
		}
		want, werr := io.ReadAll(bzip2.NewReader(bytes.NewReader(in)))
		if (err == nil) != (werr == nil && len(in) > 0) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("read %d bytes, %v; the standard library %d, %v", len(got), err, len(want), werr)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("abc"), 1, 1)
	f.Add(corpus(10000), 9, 77)
	f.Fuzz(func(t *testing.T, in []byte, level, size int) {
		level, size = int(uint(level)%9)+1, int(uint(size)%4096)+1
		for _, format := range []compression.Format{compression.Gzip, compression.Zstd} {
			packed := writeIn(t, in, compression.Spec{Format: format, Level: level}, size)
			got, err := read(packed, compression.Detect(packed), compression.Limits{})
			if err != nil || !bytes.Equal(got, in) {
				t.Fatalf("%v:%d gives %d bytes back of %d, %v", format, level, len(got), len(in), err)
			}
		}
	})
}

// FuzzDetect asks that more bytes never turn one format into another, and
// that Open passes on all it has looked at.
func FuzzDetect(f *testing.F) {
	f.Add([]byte("BZh91AY&SY"))
	f.Add([]byte("\x5a\x2a\x4d\x18"))
	f.Fuzz(func(t *testing.T, in []byte) {
		whole := compression.Detect(in)
		for n := range in {
			if got := compression.Detect(in[:n]); got != whole && got != compression.None && got != compression.Bzip2 {
				t.Fatalf("%q is %v, all of it %v", in[:n], got, whole)
			}
		}
		if whole != compression.None {
			return
		}
		r, _, err := compression.Open(bytes.NewReader(in), compression.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, in) {
			t.Fatalf("got %q, %v of %q", got, err, in)
		}
	})
}
