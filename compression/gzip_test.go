package compression_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/compression"
)

// gzipMember builds a member with a stored block, field by field.
func gzipMember(flags byte, fields, plain string) []byte {
	b := append([]byte{0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3}, fields...)
	if flags&2 != 0 {
		b = binary.LittleEndian.AppendUint16(b, uint16(crc32.ChecksumIEEE(b)))
	}
	n := uint16(len(plain))
	b = binary.LittleEndian.AppendUint16(append(b, 1), n)
	b = binary.LittleEndian.AppendUint16(b, ^n)
	b = append(b, plain...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(plain)))
	return binary.LittleEndian.AppendUint32(b, uint32(n))
}

func TestGzipMembers(t *testing.T) {
	plain := gzipMember(0, "", "abc")
	empty := gzipMember(0, "", "")
	badSum := gzipMember(0, "", "abc")
	badSum[len(badSum)-8]++
	badSize := gzipMember(0, "", "abc")
	badSize[len(badSize)-4]++
	badHeaderSum := gzipMember(2, "", "abc")
	badHeaderSum[10]++

	tests := []struct {
		name string
		in   []byte
		want string
		ok   bool
	}{
		{"one", plain, "abc", true},
		{"empty", empty, "", true},
		{"several", join(plain, plain, plain), "abcabcabc", true},
		{"empty ones around", join(empty, empty, plain, empty, plain, empty), "abcabc", true},
		{"FEXTRA", gzipMember(4, "\x05\x00extra", "abc"), "abc", true},
		{"FNAME", gzipMember(8, "n\xe4me\x00", "abc"), "abc", true},
		{"FCOMMENT", gzipMember(16, "comment\x00", "abc"), "abc", true},
		{"FHCRC", gzipMember(2, "", "abc"), "abc", true},
		{"FTEXT", gzipMember(1, "", "abc"), "abc", true},
		{"FEXTRA and FHCRC", gzipMember(4|2, "\x05\x00extra", "abc"), "abc", true},
		{"all fields", gzipMember(31, "\x01\x00xname\x00comment\x00", "abc"), "abc", true},
		{"fields in a later member", join(plain, gzipMember(31, "\x01\x00xname\x00comment\x00", "d")), "abcd", true},
		{"wrong CRC", badSum, "abc", false},
		{"wrong size", badSize, "abc", false},
		{"wrong CRC in a later member", join(plain, badSum), "abcabc", false},
		{"wrong header CRC", badHeaderSum, "", false},
		{"a reserved flag", gzipMember(32, "", "abc"), "", false},
		{"an unknown method", []byte("\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x03"), "", false},
		{"nothing", nil, "", false},
		{"only zeros", make([]byte, 100), "", false},
		{"cut in a later name", join(plain, gzipMember(8, "name\x00", "d")[:12]), "abc", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(tt.in, compression.Gzip, compression.Limits{})
			if string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, compression.ErrCorrupt) {
				t.Errorf("error %v, want none: %v", err, tt.ok)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "read gzip stream near byte ") {
				t.Errorf("error %q does not say where", err)
			}
		})
	}
}

// A file of a hundred thousand empty members costs no more than reading it.
func TestGzipManyEmptyMembers(t *testing.T) {
	in := []byte(strings.Repeat(string(gzipMember(0, "", "")), 100_000))
	got, err := read(in, compression.Gzip, compression.Limits{})
	if err != nil || len(got) != 0 {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}
