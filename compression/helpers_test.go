package compression_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/imgtool/imgtool/compression"
)

// A line of three words by bzip2 1.0.8, for which Go has no writer.
//
//nolint:dupword // The words are the data.
const (
	helloPlain = "hello hello hello\n"
	helloBzip2 = "425a6839314159265359e5b5f3090000045100001040000244a00021b5180c029069c2a30bb9229c284872daf98480"
	emptyBzip2 = "425a683917724538509000000000"
)

// corpus returns size bytes that are the same on every machine: words in
// random order with runs of random bytes and of zeros in between.
func corpus(size int) []byte {
	words := strings.Fields(`layer config digest manifest usr lib share python debian
		root file mode owner whiteout blob index platform linux amd64 copyright license`)
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, 0, size+1<<16)
	for len(out) < size {
		for range 200 {
			out = append(out, words[r.IntN(len(words))]...)
			out = fmt.Appendf(out, " %d\n", r.IntN(100))
		}
		for range 1 << 10 {
			out = append(out, byte(r.Uint32()))
		}
		out = append(out, make([]byte, r.IntN(1024))...)
	}
	return out[:size]
}

func fromHex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func toGzip(tb testing.TB, p []byte) []byte {
	tb.Helper()
	return written(tb, p, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func toZstd(tb testing.TB, p []byte) []byte {
	tb.Helper()
	return written(tb, p, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
}

// toXz writes several blocks.
func toXz(tb testing.TB, p []byte) []byte {
	tb.Helper()
	return written(tb, p, xzNew(xz.WriterConfig{BlockSize: 1500, DictCap: 4096}))
}

func written(tb testing.TB, p []byte, open func(io.Writer) (io.WriteCloser, error)) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(p); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// read returns all of a stream, and its error.
func read(p []byte, f compression.Format, lim compression.Limits) ([]byte, error) {
	return readFrom(bytes.NewReader(p), f, lim)
}

func readFrom(r io.Reader, f compression.Format, lim compression.Limits) ([]byte, error) {
	rc, err := compression.NewReader(r, f, lim)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(rc)
	if cerr := rc.Close(); err == nil {
		err = cerr
	}
	return out, err
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// skippable is a zstd skippable frame around p.
func skippable(p string) []byte {
	return append([]byte{0x5a, 0x2a, 0x4d, 0x18, byte(len(p)), 0, 0, 0}, p...)
}

func xzNew(c xz.WriterConfig) func(io.Writer) (io.WriteCloser, error) {
	return func(w io.Writer) (io.WriteCloser, error) { return c.NewWriter(w) }
}
