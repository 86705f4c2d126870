package tarscan_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// The sparse file of these tests is "\0\0abc\0\0\0de\0\0": four forms of one thing.
const (
	sparseStored  = "abcde"
	sparseLogical = "\x00\x00abc\x00\x00\x00de\x00\x00"
)

var oldSparse = []edit{magic(magicGNU), table(386, 2, 3, 8, 2), put(483, "00000000014\x00")}

func TestSparseForms(t *testing.T) {
	extended := []edit{magic(magicGNU), put(482, "\x01"), table(386, 2, 3), put(483, "00000000014\x00")}
	inData := data("2\n2\n3\n8\n2\n") + data(sparseStored)
	tests := []struct {
		name    string
		archive string
		file    string
	}{
		{"old", head('S', "f", 5, oldSparse...) + data(sparseStored), "f"},
		{"old, extended", head('S', "f", 5, extended...) + extension(true, 8, 2) + extension(false, 12, 0) + data(sparseStored), "f"},
		{"0.0", pax('x', "GNU.sparse.size=12", "GNU.sparse.numblocks=2", "GNU.sparse.offset=2", "GNU.sparse.numbytes=3",
			"GNU.sparse.offset=8", "GNU.sparse.numbytes=2") + head('0', "f", 5, magic(magicUstar)) + data(sparseStored), "f"},
		{"0.1", pax('x', "GNU.sparse.size=12", "GNU.sparse.map=2,3,8,2", "GNU.sparse.name=real") + head('0', "f", 5, magic(magicUstar)) + data(sparseStored), "real"},
		{"1.0", pax('x', "GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=real", "GNU.sparse.realsize=12") +
			head('0', "f", 512+5, magic(magicUstar)) + inData, "real"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			archive := tt.archive + head('0', "next", 0) + end
			got, err := scan(t, archive)
			if !errors.Is(err, io.EOF) || len(got) != 2 {
				t.Fatalf("Next: %d entries, %v", len(got), err)
			}
			h := got[0]
			if h.Name != tt.file || h.Type != tarscan.TypeReg || h.Size != 12 || h.DataSize != 5 {
				t.Errorf("entry %q of type %c, %d bytes, %d stored", h.Name, h.Type, h.Size, h.DataSize)
			}
			if diff := cmp.Diff([]tarscan.Extent{{Offset: 2, Length: 3}, {Offset: 8, Length: 2}}, h.Sparse); diff != "" {
				t.Errorf("extents (-want +got):\n%s", diff)
			}
			logical := tarscan.NewExtentReader(h, io.NewSectionReader(strings.NewReader(archive), h.DataOffset, h.DataSize))
			if err := iotest.TestReader(io.NewSectionReader(logical, 0, h.Size), []byte(sparseLogical)); err != nil {
				t.Errorf("logical data: %v", err)
			}
		})
	}
}

func TestSparseEdges(t *testing.T) {
	file := func(size int) string { return head('0', "f", size, magic(magicUstar)) }
	v1 := []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=0"}
	many := strings.Repeat("0\n", 2_000)
	tests := []struct {
		name    string
		archive string
		size    int64
		extents []tarscan.Extent
	}{
		{"one hole", pax('x', "GNU.sparse.size=7", "GNU.sparse.map=7,0") + file(0), 7, []tarscan.Extent{}},
		{"empty map", pax('x', "GNU.sparse.size=7", "GNU.sparse.map=") + file(0), 7, []tarscan.Extent{}},
		{"size from the last extent", pax('x', "GNU.sparse.map=4,1,9,0") + file(1) + data("a"), 9, []tarscan.Extent{{Offset: 4, Length: 1}}},
		{"odd map", pax('x', "GNU.sparse.size=7", "GNU.sparse.map=1,1,5") + file(1) + data("a"), 7, []tarscan.Extent{{Offset: 1, Length: 1}}},
		{"more data than extents", pax('x', "GNU.sparse.size=3", "GNU.sparse.map=0,1") + file(600) + data(strings.Repeat("a", 600)), 3, []tarscan.Extent{{Length: 1}}},
		{"map of many blocks", pax('x', v1...) + file(len(data("1000\n"+many))) + data("1000\n"+many), 0, []tarscan.Extent{}},
		{"map of unknown version", pax('x', "GNU.sparse.major=2", "GNU.sparse.minor=0") + file(1) + data("a"), 1, nil},
		{"sparse directory", pax('x', "GNU.sparse.size=7", "GNU.sparse.map=1,1") + head('5', "f", 0), 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := scan(t, tt.archive+end)
			if !errors.Is(err, io.EOF) || len(got) != 1 {
				t.Fatalf("Next: %d entries, %v", len(got), err)
			}
			if got[0].Size != tt.size {
				t.Errorf("size %d, want %d", got[0].Size, tt.size)
			}
			if diff := cmp.Diff(tt.extents, got[0].Sparse); diff != "" {
				t.Errorf("extents (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSparseRefuses(t *testing.T) {
	mapped := func(table string) string {
		return pax('x', "GNU.sparse.size=9", "GNU.sparse.map="+table) + head('0', "f", 5) + data("abcde")
	}
	inData := func(text string) string {
		return pax('x', "GNU.sparse.major=1", "GNU.sparse.minor=0") + head('0', "f", 600) + data(text) + data(strings.Repeat("a", 88))
	}
	tests := []struct {
		name    string
		archive string
		want    error
	}{
		{"overlap", mapped("0,2,1,2"), tarscan.ErrFormat},
		{"backwards", mapped("4,1,0,1"), tarscan.ErrFormat},
		{"more extents than data", mapped("0,6"), tarscan.ErrFormat},
		{"negative", mapped("-1,1"), tarscan.ErrSize},
		{"overflow", mapped("1125899906842624,1"), tarscan.ErrSize},
		{"text", mapped("0,a"), tarscan.ErrFormat},
		{"real size", pax('x', "GNU.sparse.size=x", "GNU.sparse.map=0,1") + head('0', "f", 5) + data("abcde"), tarscan.ErrFormat},
		{"0.0 text", pax('x', "GNU.sparse.offset=x"), tarscan.ErrFormat},
		{"global map", pax('g', "GNU.sparse.map=0,1") + head('0', "f", 1) + data("a"), tarscan.ErrFormat},
		{"old, negative", head('S', "f", 5, append(oldSparse, table(386, -2, 3))...) + data("abcde"), tarscan.ErrFormat},
		{"old, cut off", head('S', "f", 5, append(oldSparse, put(482, "\x01"))...), tarscan.ErrFormat},
		{"old, absurd size", head('S', "f", 5, append(oldSparse, put(483, "\x80\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x01"))...) + data("abcde"), tarscan.ErrSize},
		{"1.0 text", inData("1\nx\n1\n"), tarscan.ErrFormat},
		{"1.0 long line", inData(strings.Repeat("0", 40) + "\n"), tarscan.ErrFormat},
		{"1.0 negative count", inData("-1\n"), tarscan.ErrSize},
		{"1.0 longer than the data", inData("9\n1\n1\n"), tarscan.ErrFormat},
		{"1.0 count beyond the limit", inData(fmt.Sprintf("%d\n", tarscan.MaxSparseExtents+1)), tarscan.ErrSparseExtents},
		{"1.0 without data", pax('x', "GNU.sparse.major=1") + head('0', "f", 0) + end, tarscan.ErrFormat},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := scan(t, tt.archive+head('0', "f", 0)+end); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestLogicalReader(t *testing.T) {
	h := &tarscan.Header{Size: 12, Sparse: []tarscan.Extent{{Offset: 2, Length: 3}, {Offset: 8, Length: 2}}}
	for name, stored := range map[string]io.Reader{
		"whole":       strings.NewReader(sparseStored),
		"byte wise":   iotest.OneByteReader(strings.NewReader(sparseStored)),
		"early EOF":   iotest.DataErrReader(strings.NewReader(sparseStored)),
		"longer data": strings.NewReader(sparseStored + "more"),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := io.ReadAll(tarscan.NewLogicalReader(h, stored))
			if err != nil || string(got) != sparseLogical {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
	got, err := io.ReadAll(tarscan.NewLogicalReader(h, strings.NewReader("abcd")))
	if !errors.Is(err, io.ErrUnexpectedEOF) || string(got) != sparseLogical[:9] {
		t.Errorf("short data: read %q, %v", got, err)
	}
}

func TestExtentReaderEdges(t *testing.T) {
	h := &tarscan.Header{Size: 12, Sparse: []tarscan.Extent{{Offset: 2, Length: 3}, {Offset: 8, Length: 2}}}
	r := tarscan.NewExtentReader(h, strings.NewReader("abcd"))
	tests := []struct {
		name string
		off  int64
		n    int
		want string
		err  error
	}{
		{"a hole", 0, 2, "\x00\x00", nil},
		{"within an extent", 3, 1, "b", nil},
		{"data cut off", 8, 2, "d", io.ErrUnexpectedEOF},
		{"last hole", 10, 5, "\x00\x00", io.EOF},
		{"at the end", 12, 1, "", io.EOF},
		{"behind the end", 99, 1, "", io.EOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := []byte(strings.Repeat("?", tt.n))
			n, err := r.ReadAt(p, tt.off)
			if string(p[:n]) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("read %q, %v; want %q, %v", p[:n], err, tt.want, tt.err)
			}
		})
	}
	if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("read before the beginning: no error")
	}
}
