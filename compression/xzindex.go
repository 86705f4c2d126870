package compression

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
)

var (
	errXzIndex  = errors.New("xz: index does not match the blocks")
	errXzNumber = errors.New("xz: number is not in its shortest form")
)

// xzIndex compares the index at the end of a stream with the blocks that
// were read. It keeps a hash of the records instead of the records, so that
// a stream of many blocks costs nothing.
type xzIndex struct {
	blocks  uint64
	records hash.Hash
}

func newXzIndex() xzIndex { return xzIndex{records: sha256.New()} }

func (x *xzIndex) add(unpadded, uncompressed int64) {
	x.blocks++
	writeXzRecord(x.records, uint64(unpadded), uint64(uncompressed))
}

func writeXzRecord(h hash.Hash, unpadded, uncompressed uint64) {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], unpadded)
	binary.LittleEndian.PutUint64(b[8:], uncompressed)
	h.Write(b[:])
}

// verify reads the index behind its indicator byte and returns its size with
// that byte.
func (x *xzIndex) verify(in io.ByteReader) (int64, error) {
	c := &crcByteReader{in: in}
	c.add(0)
	n, err := readXzNumber(c)
	if err != nil {
		return 0, err
	}
	if n != x.blocks {
		return 0, errXzIndex
	}
	found := sha256.New()
	for range n {
		unpadded, err := readXzNumber(c)
		if err != nil {
			return 0, err
		}
		uncompressed, err := readXzNumber(c)
		if err != nil {
			return 0, err
		}
		writeXzRecord(found, unpadded, uncompressed)
	}
	if !bytes.Equal(found.Sum(nil), x.records.Sum(nil)) {
		return 0, errXzIndex
	}
	if err := c.end(); err != nil {
		return 0, err
	}
	return c.n, nil
}

// crcByteReader counts and sums the bytes that are read through it.
type crcByteReader struct {
	in  io.ByteReader
	n   int64
	crc uint32
}

// ReadByte implements [io.ByteReader].
func (c *crcByteReader) ReadByte() (byte, error) {
	b, err := c.in.ReadByte()
	if err == nil {
		c.add(b)
	}
	return b, err
}

// end reads the padding and the sum at the end of an index. The sum counts
// as read.
func (c *crcByteReader) end() error {
	for c.n%4 != 0 {
		if b, err := c.ReadByte(); err != nil || b != 0 {
			return orElse(err, errXzIndex)
		}
	}
	want := c.crc
	var sum [4]byte
	for i := range sum {
		var err error
		if sum[i], err = c.ReadByte(); err != nil {
			return err
		}
	}
	if binary.LittleEndian.Uint32(sum[:]) != want {
		return errXzIndex
	}
	return nil
}

func (c *crcByteReader) add(b byte) {
	c.n++
	c.crc = crc32.Update(c.crc, crc32.IEEETable, []byte{b})
}

// readXzNumber reads a number of up to 63 bits in its shortest form.
func readXzNumber(in io.ByteReader) (uint64, error) {
	var n uint64
	for shift := 0; shift < 63; shift += 7 {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if b == 0 && shift > 0 {
			return 0, errXzNumber
		}
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n, nil
		}
	}
	return 0, errXzNumber
}

func orElse(err, fallback error) error {
	if err != nil {
		return err
	}
	return fallback
}
