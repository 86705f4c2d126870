package tarscan_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// offsets are left to other tests where they are not the point.
var noOffsets = cmpopts.IgnoreFields(tarscan.Header{}, "HeaderOffset", "DataOffset", "PAX")

func TestPAX(t *testing.T) {
	file := head('0', "f", 0, magic(magicUstar))
	tests := []struct {
		name    string
		archive string
		want    *tarscan.Header
	}{
		{"names", pax('x', "path=p", "linkpath=l") + file, base(func(h *tarscan.Header) { h.Name, h.Linkname = "p", "l" })},
		{"numbers", pax('x', "uid=5000000000", "gid=-7", "size=3") + file + data("abc"), base(func(h *tarscan.Header) {
			h.UID, h.GID, h.Size, h.DataSize = 5_000_000_000, -7, 3, 3
		})},
		{"owner names", pax('x', "uname=ü", "gname=g") + file, base(func(h *tarscan.Header) { h.Uname, h.Gname = "ü", "g" })},
		{"empty values", pax('x', "path=", "size=", "uname=") + head('0', "f", 0, magic(magicUstar), put(265, "root")), base(func(*tarscan.Header) {})},
		{"the last record wins", pax('x', "path=a", "path=b") + file, base(func(h *tarscan.Header) { h.Name = "b" })},
		{"the last header wins", pax('x', "uname=a") + pax('x', "path=b") + file, base(func(h *tarscan.Header) { h.Name = "b" })},
		{"solaris", pax('X', "path=p") + file, base(func(h *tarscan.Header) { h.Name = "p" })},
		{"global", pax('g', "uname=u", "path=") + file, base(func(h *tarscan.Header) { h.Uname = "u" })},
		{"own over global", pax('g', "uname=u", "gname=g") + pax('x', "uname=v") + file, base(func(h *tarscan.Header) { h.Uname, h.Gname = "v", "g" })},
		{"global over global", pax('g', "uname=u", "gname=g") + pax('g', "uname=v") + file, base(func(h *tarscan.Header) { h.Uname, h.Gname = "v", "g" })},
		{"path over long name", pax('x', "path=p") + long('L', "long") + file, base(func(h *tarscan.Header) { h.Name = "p" })},
		{"long name over global path", pax('g', "path=p") + long('L', "long") + file, base(func(h *tarscan.Header) { h.Name = "long" })},
		{"long name over emptied path", pax('x', "path=p", "path=") + long('L', "long") + file, base(func(h *tarscan.Header) { h.Name = "long" })},
		{"schily attributes", pax('x', "SCHILY.xattr.user.a=1\x00\n2", "SCHILY.xattr.user.b=") + file, base(func(h *tarscan.Header) {
			h.Xattrs = map[string]string{"user.a": "1\x00\n2", "user.b": ""}
		})},
		{"libarchive attributes", pax('x', "LIBARCHIVE.xattr.user.a=aGk", "LIBARCHIVE.xattr.user.b=aA==", "LIBARCHIVE.xattr.user.c=!") + file, base(func(h *tarscan.Header) {
			h.Xattrs = map[string]string{"user.a": "hi", "user.b": "h"}
		})},
		{"schily over libarchive", pax('x', "SCHILY.xattr.user.a=s", "LIBARCHIVE.xattr.user.a=aGk") + file, base(func(h *tarscan.Header) {
			h.Xattrs = map[string]string{"user.a": "s"}
		})},
		{"global attributes", pax('g', "SCHILY.xattr.user.a=1", "LIBARCHIVE.xattr.user.b=aGk") + pax('x', "SCHILY.xattr.user.c=3") + file, base(func(h *tarscan.Header) {
			h.Xattrs = map[string]string{"user.a": "1", "user.b": "hi", "user.c": "3"}
		})},
		{"records behind a malformed one", rawPAX(record("path=p")+"7 a=b\nx"+record("uname=u")) + file, base(func(h *tarscan.Header) { h.Name = "p" })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := scan(t, tt.archive+end)
			if !errors.Is(err, io.EOF) {
				t.Fatalf("Next: %v", err)
			}
			if diff := cmp.Diff([]*tarscan.Header{tt.want}, got, noOffsets); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
}

// rawPAX makes a PAX header of text that need not be records.
func rawPAX(text string) string { return head('x', "pax", len(text), magic(magicUstar)) + data(text) }

func TestPAXRecordsInForce(t *testing.T) {
	archive := head('0', "a", 0) + pax('g', "comment=c") + head('0', "b", 0) + pax('x', "k=v", "odd") + head('0', "c", 0) + head('0', "d", 0) + end
	got, err := scan(t, archive)
	if !errors.Is(err, io.EOF) {
		t.Fatalf("Next: %v", err)
	}
	var records []map[string]string
	for _, h := range got {
		records = append(records, h.PAX)
	}
	want := []map[string]string{nil, {"comment": "c"}, {"comment": "c", "k": "v", "odd": ""}, {"comment": "c"}}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestPAXTimes(t *testing.T) {
	tests := []struct {
		text string
		sec  int64
		nsec int64
	}{
		{"0", 0, 0},
		{"+5", 5, 0},
		{"5.", 5, 0},
		{".5", 0, 500_000_000},
		{"1.000000001", 1, 1},
		{"1.0000000019", 1, 1},
		{"-1", -1, 0},
		{"-1.5", -2, 500_000_000},
		{"-0.5", -1, 500_000_000},
		{"-0.0000000001", -1, 999_999_999},
		{"-2.000000000", -2, 0},
		{"253402300800.25", 253402300800, 250_000_000},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := scan(t, pax('x', "mtime="+tt.text)+head('0', "f", 0)+end)
			if !errors.Is(err, io.EOF) {
				t.Fatalf("Next: %v", err)
			}
			if want := time.Unix(tt.sec, tt.nsec); !got[0].ModTime.Equal(want) {
				t.Errorf("time %v, want %v", got[0].ModTime, want)
			}
		})
	}
}

func TestPAXRefuses(t *testing.T) {
	tests := []struct{ name, record string }{
		{"size", "size=x"},
		{"negative size", "size=-1"},
		{"absurd size", "size=1125899906842625"},
		{"overflowing size", "size=99999999999999999999"},
		{"uid", "uid=1.0"},
		{"gid", "gid= 1"},
		{"time with text", "mtime=1.5a"},
		{"time in hexadecimal", "mtime=0x1"},
		{"time without digits", "mtime=."},
		{"time of sign alone", "mtime=-"},
		{"time with negative fraction alone", "mtime=-.5"},
		{"time with two signs", "mtime=--5"},
		{"overflowing time", "mtime=9223372036854775808"},
		{"path with NUL", "path=a\x00b"},
		{"link with NUL", "linkpath=a\x00b"},
		{"owner with NUL", "uname=a\x00b"},
		{"sparse name with NUL", "GNU.sparse.name=a\x00b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := scan(t, pax('x', tt.record)+head('0', "f", 0)+end); !errors.Is(err, tarscan.ErrFormat) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	file := head('0', "f", 0)
	global := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(pax('g', fmt.Sprintf("k%d=v", i)))
		}
		return b.String()
	}
	name := func(n int) string { return strings.Repeat("n", n) }
	tests := []struct {
		name    string
		archive string
		want    error
	}{
		{"metadata at its limit", rawPAX(strings.Repeat("x", tarscan.MaxMetadata)) + file, io.EOF},
		{"metadata beyond it", rawPAX(strings.Repeat("x", tarscan.MaxMetadata+1)) + file, tarscan.ErrMetadata},
		{"metadata that is only claimed", head('L', "", 1<<30) + file, tarscan.ErrMetadata},
		{"headers at their limit", strings.Repeat(pax('x', "a=b"), tarscan.MaxMetadataHeaders) + file, io.EOF},
		{"headers beyond it", strings.Repeat(pax('x', "a=b"), tarscan.MaxMetadataHeaders+1) + file, tarscan.ErrMetadataHeaders},
		{"volume labels beyond it", strings.Repeat(head('V', "v", 0), tarscan.MaxMetadataHeaders+1) + file, tarscan.ErrMetadataHeaders},
		{"global records at their limit", global(tarscan.MaxGlobalRecords) + file, io.EOF},
		{"global records beyond it", global(tarscan.MaxGlobalRecords+1) + file, tarscan.ErrGlobalRecords},
		{"name at its limit", long('L', name(tarscan.MaxNameLength)) + file, io.EOF},
		{"name beyond it", long('L', name(tarscan.MaxNameLength+1)) + file, tarscan.ErrNameLength},
		{"link beyond it", long('K', name(tarscan.MaxNameLength+1)) + file, tarscan.ErrNameLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := scan(t, tt.archive+end); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}
