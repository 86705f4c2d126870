package layout_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layout"
)

// BenchmarkPut is what one layer costs that is new, and one that the layout has.
func BenchmarkPut(b *testing.B) {
	raw := bytes.Repeat([]byte("0123456789abcdef"), 4<<20)
	d := image.Descriptor{Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	b.SetBytes(d.Size)
	for b.Loop() {
		txn, err := layout.OpenDir(filepath.Join(b.TempDir(), "layout"), layout.DirOptions{}).Begin(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := txn.Put(b.Context(), d, bytes.NewReader(raw)); err != nil {
			b.Fatal(err)
		}
		if err := txn.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
