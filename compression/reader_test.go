package compression_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"
	"time"

	"github.com/imgtool/imgtool/compression"
)

// samples returns one stream of each format with what it holds.
func samples(tb testing.TB) map[compression.Format]struct{ plain, packed []byte } {
	tb.Helper()
	p := corpus(4000)
	return map[compression.Format]struct{ plain, packed []byte }{
		compression.None:  {p, p},
		compression.Gzip:  {p, toGzip(tb, p)},
		compression.Zstd:  {p, toZstd(tb, p)},
		compression.Xz:    {p, toXz(tb, p)},
		compression.Bzip2: {[]byte(helloPlain), fromHex(tb, helloBzip2)},
	}
}

func TestReadEveryFormat(t *testing.T) {
	for f, s := range samples(t) {
		t.Run(f.String(), func(t *testing.T) {
			rc, got, err := compression.Open(bytes.NewReader(s.packed), compression.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got != f {
				t.Errorf("Open tells %v, want %v", got, f)
			}
			if err := iotest.TestReader(rc, s.plain); err != nil {
				t.Error(err)
			}
			if err := rc.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// One byte at a time, and data together with the end.
func TestReadFromOddReaders(t *testing.T) {
	for f, s := range samples(t) {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"one byte": iotest.OneByteReader, "half": iotest.HalfReader, "data with the end": iotest.DataErrReader,
		} {
			t.Run(f.String()+" "+name, func(t *testing.T) {
				got, err := readFrom(wrap(bytes.NewReader(s.packed)), f, compression.Limits{})
				if err != nil || !bytes.Equal(got, s.plain) {
					t.Errorf("got %d bytes, %v; want %d", len(got), err, len(s.plain))
				}
			})
		}
	}
}

// A stream cut anywhere is damaged, and what came out is a prefix.
func TestReadCutStream(t *testing.T) {
	for f, s := range samples(t) {
		if f == compression.None {
			continue
		}
		t.Run(f.String(), func(t *testing.T) {
			for n := range s.packed {
				got, err := read(s.packed[:n], f, compression.Limits{})
				if !errors.Is(err, compression.ErrCorrupt) || !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("cut to %d of %d bytes: error %v, want ErrCorrupt and ErrUnexpectedEOF", n, len(s.packed), err)
				}
				if !bytes.HasPrefix(s.plain, got) {
					t.Fatalf("cut to %d bytes: what came out is no prefix", n)
				}
			}
		})
	}
}

func TestReadTrailingBytes(t *testing.T) {
	all := samples(t)
	for f, s := range all {
		if f == compression.None {
			continue
		}
		for name, tt := range map[string]struct {
			tail string
			ok   bool
		}{
			"one byte":           {"x", false},
			"three bytes":        {"xyz", false},
			"text":               {"what is this doing here?", false},
			"one zero":           {"\x00", f == compression.Gzip},
			"four zeros":         {"\x00\x00\x00\x00", f == compression.Gzip || f == compression.Xz},
			"five zeros":         {"\x00\x00\x00\x00\x00", f == compression.Gzip},
			"zeros then text":    {"\x00\x00\x00\x00text", false},
			"zeros then stream":  {"\x00\x00\x00\x00" + string(s.packed), f == compression.Xz},
			"the same again":     {string(s.packed), true},
			"half of it again":   {string(s.packed[:len(s.packed)/2]), false},
			"its magic again":    {string(s.packed[:2]), false},
			"one byte of it":     {string(s.packed[:1]), false},
			"an unlike format":   {string(all[(f+1)%5].packed), false},
			"all but its end":    {string(s.packed[:len(s.packed)-1]), false},
			"a megabyte of text": {string(corpus(1 << 20)), false},
		} {
			t.Run(f.String()+" "+name, func(t *testing.T) {
				got, err := read(join(s.packed, []byte(tt.tail)), f, compression.Limits{})
				if tt.ok != (err == nil) {
					t.Fatalf("error %v, want none: %v", err, tt.ok)
				}
				if err != nil && !errors.Is(err, compression.ErrCorrupt) {
					t.Errorf("error %v is not ErrCorrupt", err)
				}
				if !bytes.HasPrefix(got, s.plain) {
					t.Error("the stream before the tail did not come out")
				}
			})
		}
	}
}

// A flipped bit is found, or it changes nothing (a time or a name in a
// header).
func TestReadFlippedBit(t *testing.T) {
	for f, s := range samples(t) {
		if f == compression.None {
			continue
		}
		t.Run(f.String(), func(t *testing.T) {
			for i := range s.packed {
				bad := bytes.Clone(s.packed)
				bad[i] ^= 1 << (i % 8)
				got, err := read(bad, f, compression.Limits{})
				if err == nil && !bytes.Equal(got, s.plain) {
					t.Fatalf("byte %d: other bytes came out without an error", i)
				}
				if err != nil && !errors.Is(err, compression.ErrCorrupt) && !errors.Is(err, compression.ErrExpansion) {
					t.Fatalf("byte %d: error %v has no kind", i, err)
				}
			}
		})
	}
}

// An error of the reader below is neither hidden nor taken for damage.
func TestReadPassesErrors(t *testing.T) {
	errDisk := errors.New("input/output error")
	for f, s := range samples(t) {
		t.Run(f.String(), func(t *testing.T) {
			for n := 0; n < len(s.packed); n += 7 {
				r := io.MultiReader(bytes.NewReader(s.packed[:n]), iotest.ErrReader(errDisk))
				_, err := readFrom(r, f, compression.Limits{})
				if !errors.Is(err, errDisk) || errors.Is(err, compression.ErrCorrupt) {
					t.Fatalf("after %d bytes: error %v, want %v alone", n, err, errDisk)
				}
			}
			whole := io.MultiReader(bytes.NewReader(s.packed), iotest.ErrReader(errDisk))
			if _, err := readFrom(whole, f, compression.Limits{}); !errors.Is(err, errDisk) {
				t.Errorf("after the stream: error %v, want %v", err, errDisk)
			}
		})
	}
	if _, _, err := compression.Open(iotest.ErrReader(errDisk), compression.Limits{}); !errors.Is(err, errDisk) {
		t.Errorf("Open: error %v, want %v", err, errDisk)
	}
}

func TestReadAfterError(t *testing.T) {
	s := samples(t)[compression.Gzip]
	rc, err := compression.NewReader(bytes.NewReader(s.packed[:len(s.packed)-1]), compression.Gzip, compression.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	_, first := io.ReadAll(rc)
	if n, err := rc.Read(make([]byte, 10)); n != 0 || !errors.Is(err, first) {
		t.Errorf("second Read: %d, %v; want 0, %v", n, err, first)
	}
}

func TestReadUnknownFormat(t *testing.T) {
	if _, err := compression.NewReader(bytes.NewReader(nil), 99, compression.Limits{}); err == nil {
		t.Error("NewReader takes format 99")
	}
}

// Close works at once, in the middle, at the end, and twice, and leaves no
// goroutine behind.
func TestReaderCloseFreesAll(t *testing.T) {
	before := runtime.NumGoroutine()
	p := corpus(1 << 20)
	all := samples(t)
	all[compression.Zstd] = struct{ plain, packed []byte }{p, toZstd(t, p)}
	for f, s := range all {
		for _, n := range []int{0, 1, len(s.plain) / 2, len(s.plain)} {
			rc, err := compression.NewReader(bytes.NewReader(s.packed), f, compression.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(io.Discard, rc, int64(n)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := rc.Close(); err != nil {
					t.Errorf("close %v after %d bytes: %v", f, n, err)
				}
			}
			if _, err := rc.Read(make([]byte, 1)); f != compression.None && err == nil {
				t.Errorf("%v reads on after Close", f)
			}
		}
	}
	waitGoroutines(t, before)
}

// waitGoroutines fails unless the number of goroutines falls back.
func waitGoroutines(t *testing.T, want int) {
	t.Helper()
	var n int
	for range 200 {
		if n = runtime.NumGoroutine(); n <= want {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left, %d were there", n, want)
}
