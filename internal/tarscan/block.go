package tarscan

import (
	"bytes"
	"encoding/binary"
)

// blockSize is the unit of tar archives in bytes.
const blockSize = 512

// dialect is what the magic of a header block says about the use of its rest.
type dialect int

const (
	dialectV7 dialect = iota
	dialectUstar
	dialectStar
	dialectGNU
)

// field is a place in a header block.
type field struct{ start, end int }

var (
	fieldName     = field{0, 100}
	fieldMode     = field{100, 108}
	fieldUID      = field{108, 116}
	fieldGID      = field{116, 124}
	fieldSize     = field{124, 136}
	fieldModTime  = field{136, 148}
	fieldChecksum = field{148, 156}
	fieldLinkname = field{157, 257}
	fieldMagic    = field{257, 265}
	fieldUname    = field{265, 297}
	fieldGname    = field{297, 329}
	fieldDevmajor = field{329, 337}
	fieldDevminor = field{337, 345}
	fieldPrefix   = field{345, 500}
	fieldTrailer  = field{508, 512}

	fieldStarPrefix = field{345, 476}

	fieldGNUAccessTime = field{345, 357}
	fieldGNUChangeTime = field{357, 369}
	fieldGNURealSize   = field{483, 495}
)

const (
	offsetType = 156

	offsetGNUSparse   = 386 // four pairs of offset and length, 12 bytes each
	offsetGNUExtended = 482 // not 0 if a block of extents follows

	offsetExtensionExtended = 504 // the same in such a block
)

// block is a whole header block.
type block []byte

func (b block) bytes(f field) []byte { return b[f.start:f.end:f.end] }

// text returns a field up to its first NUL.
func (b block) text(f field) []byte { return untilNUL(b.bytes(f)) }

func (b block) number(f field) (int64, error) { return number(b.bytes(f)) }

func (b block) dialect() dialect {
	magic := b.bytes(fieldMagic)
	switch {
	case string(magic[:6]) == "ustar\x00":
		if string(b.bytes(fieldTrailer)) == "tar\x00" {
			return dialectStar
		}
		return dialectUstar
	case string(magic) == "ustar  \x00":
		return dialectGNU
	}
	return dialectV7
}

// zero reports whether the block, which may be short, is all zero.
func (b block) zero() bool {
	if len(b) > 0 && b[0] != 0 {
		return false
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// prefix returns what stands before the name in the dialects that split long
// names.
func (b block) prefix(d dialect) []byte {
	switch d {
	case dialectUstar:
		return b.text(fieldPrefix)
	case dialectStar:
		return b.text(fieldStarPrefix)
	case dialectGNU:
		return b.gnuPrefix()
	default:
		return nil
	}
}

// gnuPrefix finds the ustar prefix that Go before 1.8 wrote under the magic of
// GNU, which has two times in its place: it is one if these do not parse and it
// is printable.
func (b block) gnuPrefix() []byte {
	if b.gnuTime(fieldGNUAccessTime) && b.gnuTime(fieldGNUChangeTime) {
		return nil
	}
	prefix := b.text(fieldPrefix)
	for _, c := range prefix {
		if c < ' ' || c > '~' {
			return nil
		}
	}
	return prefix
}

// gnuTime reports whether the field is a time, or empty as it is without one.
func (b block) gnuTime(f field) bool {
	if b[f.start] == 0 {
		return true
	}
	_, err := b.number(f)
	return err == nil
}

// checksumOK compares the checksum with the sum of the bytes, unsigned as POSIX
// has it or signed as some old writers did.
func (b block) checksumOK() bool {
	want, err := b.number(fieldChecksum)
	if err != nil {
		return false
	}
	sum := b.sum() + 8*' '
	for _, c := range b.bytes(fieldChecksum) {
		sum -= int64(c)
	}
	return want == sum || want == sum-256*b.highBytes()
}

// sum adds the bytes eight at a time, in four sums of 16 bits each.
func (b block) sum() int64 {
	const pairs = 0x00ff00ff00ff00ff
	var sums uint64
	for w := b[:blockSize]; len(w) >= 8; w = w[8:] {
		word := binary.LittleEndian.Uint64(w)
		sums += word&pairs + word>>8&pairs
	}
	return int64(sums&0xffff + sums>>16&0xffff + sums>>32&0xffff + sums>>48)
}

// highBytes counts the bytes outside of the checksum that are beyond 127.
func (b block) highBytes() (n int64) {
	for i, c := range b[:blockSize] {
		if c > 127 && (i < fieldChecksum.start || i >= fieldChecksum.end) {
			n++
		}
	}
	return n
}

func untilNUL(b []byte) []byte {
	before, _, _ := bytes.Cut(b, []byte{0})
	return before
}
