package layer

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
)

func tarOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range names {
		body := strings.Repeat(name, 1000)
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func compress(t *testing.T, spec string, raw []byte) []byte {
	t.Helper()
	s, err := compression.ParseSpec(spec)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w, err := compression.NewWriter(&buf, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// feed gives a check a blob in pieces of n bytes.
func feed(l image.Layer, blob []byte, n int) error {
	c := Check(l, compression.Limits{})
	for len(blob) > 0 {
		k := min(n, len(blob))
		if _, err := c.Write(blob[:k]); err != nil {
			break
		}
		blob = blob[k:]
	}
	return c.Close()
}

func TestCheck(t *testing.T) {
	big := tarOf(t, strings.Split(strings.Repeat("a b c d e f g h ", 40), " ")[:300]...)
	estargz := append(bytes.Clone(big), "bytes behind the end of the archive"...)
	for _, tt := range []struct {
		name string
		tar  []byte
		blob []byte // nil: the tar
		want string // part of the error; empty: none
	}{
		{name: "plain", tar: big},
		{name: "gzip", tar: big, blob: compress(t, "gzip", big)},
		{name: "zstd", tar: big, blob: compress(t, "zstd", big)},
		{name: "two gzip members", tar: big, blob: append(compress(t, "gzip", big[:5000]), compress(t, "gzip", big[5000:])...)},
		{name: "bytes behind the end", tar: estargz, blob: compress(t, "gzip", estargz)},
		{name: "bytes behind the end left out of the diff ID", tar: big, blob: compress(t, "gzip", estargz), want: "diff ID is"},
		{name: "nothing at all", tar: []byte{}},
		{name: "a first entry named like gzip", tar: tarOf(t, "\x1f\x8b\x08")},
		{name: "a first entry named like zstd", tar: tarOf(t, "\x28\xb5\x2f\xfd")},
		{name: "the same, compressed", tar: tarOf(t, "\x1f\x8b\x08"), blob: compress(t, "zstd", tarOf(t, "\x1f\x8b\x08"))},
		{name: "end blocks alone", tar: make([]byte, 1024)},
		{name: "other bytes", tar: tarOf(t, "x"), blob: compress(t, "gzip", tarOf(t, "y")), want: "diff ID is"},
		{name: "plain bytes with another diff ID", tar: tarOf(t, "x"), blob: tarOf(t, "y"), want: "diff ID is"},
		{name: "cut gzip", tar: big, blob: compress(t, "gzip", big)[:2000], want: "layer:"},
		{name: "cut trailer", tar: big, blob: compress(t, "gzip", big)[:len(compress(t, "gzip", big))-4], want: "layer:"},
		{name: "cut tar", tar: big[:1500], blob: compress(t, "zstd", big[:1500]), want: "layer:"},
		{name: "no tar", tar: []byte(strings.Repeat("not a tar ", 100)), want: "layer:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			blob := tt.blob
			if blob == nil {
				blob = tt.tar
			}
			l := image.Layer{DiffID: digest.FromBytes(tt.tar)}
			l.Digest = digest.FromBytes(blob)
			for _, n := range []int{7, 4096, 1 << 20} {
				err := feed(l, blob, n)
				if tt.want == "" && err != nil {
					t.Errorf("pieces of %d: %v", n, err)
				}
				if tt.want != "" && (!errors.Is(err, image.ErrDamaged) || !strings.Contains(err.Error(), tt.want)) {
					t.Errorf("pieces of %d: got %v, want damage that says %q", n, err, tt.want)
				}
			}
		})
	}
}

func TestCheckWithoutDiffIDReadsTheTar(t *testing.T) {
	blob := compress(t, "gzip", tarOf(t, "a"))
	if err := feed(image.Layer{}, blob, 100); err != nil {
		t.Error(err)
	}
	if err := feed(image.Layer{}, blob[:50], 100); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("got %v, want damage", err)
	}
}

func TestCheckLimitsExpansion(t *testing.T) {
	zeros := make([]byte, 8<<20)
	blob := compress(t, "gzip", zeros)
	l := image.Layer{DiffID: digest.FromBytes(zeros)}
	err := Verify(bytes.NewReader(blob), l, compression.Limits{Bytes: 1 << 20})
	if !errors.Is(err, compression.ErrExpansion) || !errors.Is(err, image.ErrDamaged) {
		t.Errorf("got %v, want the limit of expansion", err)
	}
}
