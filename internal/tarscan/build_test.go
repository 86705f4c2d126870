package tarscan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/tarscan"
)

const (
	magicUstar = "ustar\x0000"
	magicGNU   = "ustar  \x00"
)

// edit changes a header block before its checksum is made.
type edit func(b []byte)

// put writes text at an offset of the block.
func put(at int, text string) edit {
	return func(b []byte) { copy(b[at:], text) }
}

func magic(text string) edit { return put(257, text) }
func link(name string) edit  { return put(157, name) }

// head makes a header block, of v7 if no edit says otherwise.
func head(kind byte, name string, size int, edits ...edit) string {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000644\x000000012\x000000024\x00")
	copy(b[124:], fmt.Sprintf("%011o\x00%011o\x00", size, 1_000_000_000))
	b[156] = kind
	for _, e := range edits {
		e(b)
	}
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return string(b)
}

// data is text padded to a block.
func data(text string) string {
	return text + strings.Repeat("\x00", -len(text)&511)
}

// pax makes a PAX header of the kind with the records, given as KEY=VALUE.
func pax(kind byte, records ...string) string {
	var text strings.Builder
	for _, r := range records {
		text.WriteString(record(r))
	}
	return head(kind, "pax", text.Len(), magic(magicUstar)) + data(text.String())
}

func record(text string) string {
	n := len(text) + 3
	for {
		s := fmt.Sprintf("%d %s\n", n, text)
		if len(s) == n {
			return s
		}
		n = len(s)
	}
}

func long(kind byte, name string) string {
	return head(kind, "././@LongLink", len(name)+1, magic(magicGNU)) + data(name+"\x00")
}

var end = strings.Repeat("\x00", 1024)

// scan reads all entries of an archive in both ways, and checks that they agree.
func scan(t *testing.T, archive string) ([]*tarscan.Header, error) {
	t.Helper()
	stream := tarscan.NewReader(strings.NewReader(archive))
	random := tarscan.NewReaderAt(strings.NewReader(archive), int64(len(archive)))
	return scanBoth(t, stream, random)
}

// table makes a table of extents as GNU's old sparse format has it.
func table(at int, extents ...int) edit {
	return func(b []byte) {
		for i, v := range extents {
			copy(b[at+12*i:], fmt.Sprintf("%011o\x00", v))
		}
	}
}

// extension makes a block of extents.
func extension(more bool, extents ...int) string {
	b := make([]byte, 512)
	table(0, extents...)(b)
	if more {
		b[504] = 1
	}
	return string(b)
}
