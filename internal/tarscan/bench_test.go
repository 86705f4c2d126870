package tarscan_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/tarscan"
)

const benchEntries = 10_000

// benchArchive has small files as a root file system does, with a PAX header
// before each if told so.
func benchArchive(b *testing.B, format tar.Format) []byte {
	b.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for i := range benchEntries {
		h := &tar.Header{
			Name: fmt.Sprintf("usr/share/doc/package-%d/file-%d", i/10, i), Typeflag: tar.TypeReg,
			Mode: 0o644, Uname: "root", Gname: "root", Size: int64(i % 2000), Format: format,
		}
		if format == tar.FormatPAX {
			h.PAXRecords = map[string]string{"SCHILY.xattr.user.a": "value"}
		}
		if err := w.WriteHeader(h); err != nil {
			b.Fatal(err)
		}
		if _, err := io.WriteString(w, strings.Repeat("x", i%2000)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

func BenchmarkScan(b *testing.B) {
	for _, format := range []tar.Format{tar.FormatUSTAR, tar.FormatPAX} {
		archive := benchArchive(b, format)
		readers := []struct {
			name string
			next func() func() error
		}{
			{"random", func() func() error {
				s := tarscan.NewReaderAt(bytes.NewReader(archive), int64(len(archive)))
				return func() error { _, err := s.Next(); return err }
			}},
			{"stream", func() func() error {
				s := tarscan.NewReader(bytes.NewReader(archive))
				return func() error { _, err := s.Next(); return err }
			}},
			{"archive-tar", func() func() error {
				r := tar.NewReader(bytes.NewReader(archive))
				return func() error { _, err := r.Next(); return err }
			}},
		}
		for _, r := range readers {
			b.Run(fmt.Sprintf("%v/%s", format, r.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					n, next := 0, r.next()
					for next() == nil {
						n++
					}
					if n != benchEntries {
						b.Fatalf("%d entries", n)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchEntries, "ns/entry")
			})
		}
	}
}
