package tarscan_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// base is what head says of an entry named f at the beginning of an archive.
func base(change func(h *tarscan.Header)) *tarscan.Header {
	h := &tarscan.Header{
		Name: "f", Type: tarscan.TypeReg, Mode: 0o644, UID: 10, GID: 20,
		ModTime: time.Unix(1_000_000_000, 0), DataOffset: 512,
	}
	change(h)
	return h
}

func TestDialects(t *testing.T) {
	long200 := strings.Repeat("n", 200)
	tests := []struct {
		name    string
		archive string
		want    *tarscan.Header
	}{
		{"v7", head('0', "f", 3) + data("abc"), base(func(h *tarscan.Header) { h.Size, h.DataSize = 3, 3 })},
		{"v7 ignores owner names", head('0', "f", 0, put(265, "root")), base(func(*tarscan.Header) {})},
		{"v7 type NUL", head(0, "f", 0), base(func(*tarscan.Header) {})},
		{"v7 directory", head(0, "d/", 7), base(func(h *tarscan.Header) { h.Name, h.Type = "d/", tarscan.TypeDir })},
		{"contiguous", head('7', "f/", 0), base(func(h *tarscan.Header) { h.Name = "f/" })},
		{"unknown type has data", head('D', "f", 2) + data("ab"), base(func(h *tarscan.Header) {
			h.Type, h.Size, h.DataSize = 'D', 2, 2
		})},
		{"hard link with a size has no data", head('1', "f", 99, link("g")), base(func(h *tarscan.Header) {
			h.Type, h.Linkname = tarscan.TypeLink, "g"
		})},
		{"sparse type without GNU magic", head('S', "f", 3) + data("abc"), base(func(h *tarscan.Header) { h.Size, h.DataSize = 3, 3 })},
		{
			"ustar", head('3', "f", 0, magic(magicUstar), put(265, "root"), put(297, "wheel"), put(329, "0000005\x000000011\x00"), put(345, "pre/fix")),
			base(func(h *tarscan.Header) {
				h.Name, h.Type, h.Uname, h.Gname, h.Devmajor, h.Devminor = "pre/fix/f", tarscan.TypeChar, "root", "wheel", 5, 9
			}),
		},
		{"device numbers that do not parse", head('0', "f", 0, magic(magicUstar), put(329, "x")), base(func(*tarscan.Header) {})},
		{
			"star", head('0', "f", 0, magic(magicUstar), put(345, "pre"), put(476, "00000000000\x0000000000000\x00"), put(508, "tar\x00")),
			base(func(h *tarscan.Header) { h.Name = "pre/f" }),
		},
		{"gnu has times in place of a prefix", head('0', "f", 0, magic(magicGNU), put(345, "07346545000\x0007346545000\x00")), base(func(*tarscan.Header) {})},
		{"go 1.7 prefix under gnu magic", head('0', "f", 0, magic(magicGNU), put(345, "pre/fix")), base(func(h *tarscan.Header) { h.Name = "pre/fix/f" })},
		{"gnu magic with other things behind a time", head('0', "f", 0, magic(magicGNU), put(345, "0000\x00\x00\x00\x00\x00\x00\x00\x00\x00x")), base(func(*tarscan.Header) {})},
		{"gnu magic before what is no prefix", head('0', "f", 0, magic(magicGNU), put(345, "pre\xff")), base(func(*tarscan.Header) {})},
		{"gnu long name", long('L', long200) + head('0', "f", 0), base(func(h *tarscan.Header) {
			h.Name, h.HeaderOffset, h.DataOffset = long200, 1024, 1536
		})},
		{"gnu long link", long('K', long200) + head('2', "f", 0), base(func(h *tarscan.Header) {
			h.Linkname, h.Type, h.HeaderOffset, h.DataOffset = long200, tarscan.TypeSymlink, 1024, 1536
		})},
		{"gnu volume label", head('V', "label", 0) + head('0', "f", 0), base(func(h *tarscan.Header) {
			h.HeaderOffset, h.DataOffset = 512, 1024
		})},
		{"base-256", head('0', "f", 0, put(108, "\x80\x00\x00\x00\x7f\xff\xff\xff"), put(136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe")), base(func(h *tarscan.Header) {
			h.UID, h.ModTime = math.MaxInt32, time.Unix(-2, 0)
		})},
		{"names that are not UTF-8", head('0', "f\xff", 0), base(func(h *tarscan.Header) { h.Name = "f\xff" })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := scan(t, tt.archive+end)
			if !errors.Is(err, io.EOF) {
				t.Fatalf("Next: %v", err)
			}
			if diff := cmp.Diff([]*tarscan.Header{tt.want}, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnd(t *testing.T) {
	entry := head('0', "f", 3) + data("abc")
	tests := []struct {
		name    string
		archive string
		entries int
		offset  int64
	}{
		{"nothing", "", 0, 0},
		{"two zero blocks", entry + end, 1, 2048},
		{"more zero blocks", entry + end + end, 1, 2048},
		{"one zero block", entry + end[:512], 1, 1536},
		{"lone zero block", entry + end[:512] + entry, 1, 2048},
		{"no zero block", entry, 1, 1024},
		{"no padding", entry[:515], 1, 515},
		{"half a zero block", entry + end[:100], 1, 1124},
		{"something behind the end", entry + end + "junk", 1, 2048},
		{"metadata without an entry", entry + pax('x', "path=p"), 1, 2048},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tarscan.NewReaderAt(strings.NewReader(tt.archive), int64(len(tt.archive)))
			entries := 0
			for {
				if _, err := s.Next(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("Next: %v", err)
				}
				entries++
			}
			if entries != tt.entries || s.Offset() != tt.offset {
				t.Errorf("%d entries, offset %d; want %d, %d", entries, s.Offset(), tt.entries, tt.offset)
			}
			if _, err := scan(t, tt.archive); !errors.Is(err, io.EOF) {
				t.Errorf("scan: %v", err)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	broken := []byte(head('0', "f", 0))
	broken[0] = 'g'
	tests := []struct {
		name    string
		archive string
		want    error
		text    string
	}{
		{"checksum", string(broken), tarscan.ErrFormat, "offset 0: invalid tar archive: bad checksum"},
		{"checksum of a later entry", head('0', "f", 0) + string(broken), tarscan.ErrFormat, "offset 512: "},
		{"short block", head('0', "f", 0)[:511], tarscan.ErrFormat, "511 bytes where a header block is due"},
		{"bad number", head('0', "f", 0, put(108, "12345678")), tarscan.ErrFormat, "bad number"},
		{"number with text behind it", head('0', "f", 0, put(108, "12 x\x00")), tarscan.ErrFormat, "bad number"},
		{"number of sign alone", head('0', "f", 0, put(108, "-\x00")), tarscan.ErrFormat, "bad number"},
		{"huge number", head('0', "f", 0, put(136, "\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")), tarscan.ErrFormat, "too large"},
		{"negative size", head('0', "f", 0, put(124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")), tarscan.ErrSize, "size"},
		{"negative octal size", head('0', "f", 0, put(124, "-0000000001")), tarscan.ErrSize, "size"},
		{"absurd size", head('0', "f", 0, put(124, "\x80\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x01")), tarscan.ErrSize, "size"},
		{"absurd size of what has no data", head('5', "f", 0, put(124, "\x80\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x01")), tarscan.ErrSize, "size"},
		{"data cut off", head('0', "f", 513) + data("abc"), tarscan.ErrFormat, "unexpected EOF"},
		{"long name cut off", long('L', "name")[:600], tarscan.ErrFormat, "offset 0: "},
		{"PAX header cut off", pax('x', "path=p")[:600], tarscan.ErrFormat, "unexpected EOF"},
		{"volume label cut off", head('V', "label", 600), tarscan.ErrFormat, "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := scan(t, tt.archive)
			if !errors.Is(err, tt.want) || !errors.Is(err, tarscan.ErrFormat) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %q does not say %q", err, tt.text)
			}
		})
	}
}

// TestSignedChecksum is about old writers, who summed signed bytes.
func TestSignedChecksum(t *testing.T) {
	b := []byte(head('0', "\xe9\xff", 0))
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b {
		sum += int(int8(c))
	}
	copy(b[148:], []byte{'0', '0', byte('0' + sum>>9&7), byte('0' + sum>>6&7), byte('0' + sum>>3&7), byte('0' + sum&7), 0, ' '})
	got, err := scan(t, string(b)+end)
	if !errors.Is(err, io.EOF) || len(got) != 1 {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

func TestReadStoredData(t *testing.T) {
	archive := head('0', "a", 600) + data(strings.Repeat("a", 600)) + head('5', "d", 0) + head('0', "b", 2) + data("bb") + end
	s := tarscan.NewReader(iotest.OneByteReader(strings.NewReader(archive + "rest")))
	var got []string
	for {
		h, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		text, err := io.ReadAll(io.LimitReader(s, 599))
		if err != nil {
			t.Fatalf("read %s: %v", h.Name, err)
		}
		got = append(got, h.Name+"="+strings.ReplaceAll(string(text), strings.Repeat("a", 599), "A"))
	}
	if diff := cmp.Diff([]string{"a=A", "d=", "b=bb"}, got); diff != "" {
		t.Errorf("stored data (-want +got):\n%s", diff)
	}
	if s.Offset() != int64(len(archive)) {
		t.Errorf("offset %d, want %d: what follows an archive is not ours to read", s.Offset(), len(archive))
	}
}

func TestReadTruncatedData(t *testing.T) {
	s := tarscan.NewReader(strings.NewReader(head('0', "f", 5) + "abc"))
	if _, err := s.Next(); err != nil {
		t.Fatalf("Next: %v", err)
	}
	got, err := io.ReadAll(s)
	if string(got) != "abc" || !errors.Is(err, tarscan.ErrFormat) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestReaderErrorsAreNotTheArchives(t *testing.T) {
	fault := errors.New("disk on fire")
	archive := head('0', "f", 3) + data("abc")
	readers := map[string]*tarscan.Scanner{
		"stream":     tarscan.NewReader(io.MultiReader(strings.NewReader(archive), iotest.ErrReader(fault))),
		"cut stream": tarscan.NewReader(io.MultiReader(strings.NewReader(archive[:700]), iotest.ErrReader(fault))),
		"random":     tarscan.NewReaderAt(faultyReaderAt{fault}, 1024),
	}
	for name, s := range readers {
		t.Run(name, func(t *testing.T) {
			var err error
			for err == nil {
				_, err = s.Next()
			}
			if !errors.Is(err, fault) || errors.Is(err, tarscan.ErrFormat) {
				t.Errorf("error %v", err)
			}
			if _, again := s.Next(); !errors.Is(again, err) {
				t.Errorf("error %v is not final: then %v", err, again)
			}
		})
	}
}

type faultyReaderAt struct{ err error }

func (r faultyReaderAt) ReadAt([]byte, int64) (int, error) { return 0, r.err }
