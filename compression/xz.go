package compression

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	xzHeaderMagic = "\xfd7zXZ\x00"
	xzFooterMagic = "YZ"
)

// The most memory that dictionaries may take one after another.
const (
	xzDictGrace = 16 * MaxWindow
	xzDictRatio = 1024
)

var (
	errXzHeader = errors.New("xz: damaged stream header")
	errXzFooter = errors.New("xz: damaged stream footer")
)

// xzReader reads the container of xz (the .xz file format 1.2.1) around the
// LZMA2 decoder of ulikunitz/xz. That module's own container reader takes a
// file cut between two blocks for complete, and makes a dictionary as large
// as the file asks for, up to 4 GiB.
type xzReader struct {
	in    *bufio.Reader
	check byte // The kind of check behind each block.
	block *xzBlock
	index xzIndex

	dicts, packed int64 // Bytes of dictionaries and of blocks so far.
}

func newXzReader(in *bufio.Reader) (io.ReadCloser, error) {
	x := &xzReader{in: in}
	if err := x.header(); err != nil {
		return nil, noEOF(err)
	}
	return x, nil
}

// Close implements [io.Closer].
func (x *xzReader) Close() error {
	x.block = nil
	return nil
}

// Read implements [io.Reader].
func (x *xzReader) Read(p []byte) (int, error) {
	for {
		if x.block == nil {
			if err := x.next(); err != nil {
				return 0, err
			}
			continue
		}
		n, err := x.block.Read(p)
		if errors.Is(err, io.EOF) {
			err = x.endBlock()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next begins the next block, behind it the next stream, or returns io.EOF
// at the end of the last one.
func (x *xzReader) next() error {
	size, err := x.in.ReadByte()
	if err != nil {
		return noEOF(err)
	}
	if size != 0 {
		return noEOF(x.openBlock(size))
	}
	if err := x.tail(); err != nil {
		return noEOF(err)
	}
	if err := x.padding(); err != nil {
		return err
	}
	return noEOF(x.header())
}

// openBlock makes a dictionary for each block, so blocks of a few bytes that
// ask for large ones could keep the machine clearing memory. What all of them
// may take is bound to what was read.
func (x *xzReader) openBlock(size byte) error {
	b, err := newXzBlock(x.in, size, x.check)
	if err != nil {
		return err
	}
	x.dicts += int64(b.dictCap())
	if x.dicts > xzDictGrace+xzDictRatio*x.packed {
		return fmt.Errorf("%w: dictionaries of %d bytes for blocks of %d", ErrExpansion, x.dicts, x.packed)
	}
	x.block = b
	return b.open()
}

func (x *xzReader) endBlock() error {
	b := x.block
	x.block = nil
	if err := b.finish(); err != nil {
		return noEOF(err)
	}
	x.packed += b.in.n
	x.index.add(b.unpaddedSize(), b.out)
	return nil
}

// header reads a stream header.
func (x *xzReader) header() error {
	var b [12]byte
	if _, err := io.ReadFull(x.in, b[:]); err != nil {
		return err
	}
	if string(b[:6]) != xzHeaderMagic || crc32.ChecksumIEEE(b[6:8]) != binary.LittleEndian.Uint32(b[8:]) {
		return errXzHeader
	}
	if _, err := newXzCheck(b[7]); b[6] != 0 || err != nil {
		return fmt.Errorf("xz: stream flags %x are not supported", b[6:8])
	}
	x.check, x.index = b[7], newXzIndex()
	return nil
}

// tail reads the index and the stream footer.
func (x *xzReader) tail() error {
	indexSize, err := x.index.verify(x.in)
	if err != nil {
		return err
	}
	var b [12]byte
	if _, err := io.ReadFull(x.in, b[:]); err != nil {
		return err
	}
	flags := []byte{0, x.check}
	backward := (int64(binary.LittleEndian.Uint32(b[4:])) + 1) * 4
	if string(b[10:]) != xzFooterMagic || !bytes.Equal(b[8:10], flags) || backward != indexSize ||
		crc32.ChecksumIEEE(b[4:10]) != binary.LittleEndian.Uint32(b[:]) {
		return errXzFooter
	}
	return nil
}

// padding reads the zero bytes between streams, which come in fours.
func (x *xzReader) padding() error {
	for n := 0; ; n++ {
		b, err := x.in.Peek(1)
		switch {
		case errors.Is(err, io.EOF) && n%4 != 0:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case b[0] != 0 && n%4 != 0:
			return errTrailing
		case b[0] != 0:
			return nil
		}
		if _, err := x.in.Discard(1); err != nil {
			return err
		}
	}
}
