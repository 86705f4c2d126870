package compression_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/imgtool/imgtool/compression"
)

func BenchmarkInflate(b *testing.B) {
	p := corpus(16 << 20)
	for name, packed := range map[string][]byte{
		"gzip": toGzip(b, p), "zstd": toZstd(b, p), "xz": toXz(b, p[:1<<20]),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rc, _, err := compression.Open(bytes.NewReader(packed), compression.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, rc)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n)
				rc.Close()
			}
		})
	}
}

func BenchmarkDeflate(b *testing.B) {
	p := corpus(16 << 20)
	for _, name := range []string{"gzip", "gzip:6", "gzip:9", "zstd", "zstd:19"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s, err := compression.ParseSpec(name)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				w, err := compression.NewWriter(io.Discard, s)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(w, bytes.NewReader(p)); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
