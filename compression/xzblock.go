package compression

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"

	"github.com/ulikunitz/xz/lzma"
)

var (
	errXzBlockHeader = errors.New("xz: damaged block header")
	errXzBlock       = errors.New("xz: block does not match its header or its check")
)

const xzFilterLZMA2 = 0x21

// xzBlock reads one block.
type xzBlock struct {
	in           *xzCounter
	lzma         *lzma.Reader2
	check        hash.Hash
	headerSize   int64
	compressed   int64 // What the header says, or -1.
	uncompressed int64 // What the header says, or -1.
	dict         int64
	out          int64
}

// newXzBlock reads the block header that begins with the byte size.
func newXzBlock(in *bufio.Reader, size, check byte) (*xzBlock, error) {
	head := make([]byte, (int(size)+1)*4)
	head[0] = size
	if _, err := io.ReadFull(in, head[1:]); err != nil {
		return nil, err
	}
	body, sum := head[:len(head)-4], head[len(head)-4:]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(sum) {
		return nil, errXzBlockHeader
	}
	b := &xzBlock{in: &xzCounter{in: in}, headerSize: int64(len(head))}
	if err := b.parse(body[1:]); err != nil {
		return nil, err
	}
	var err error
	if b.check, err = newXzCheck(check); err != nil {
		return nil, err
	}
	if b.dict > MaxWindow {
		return nil, fmt.Errorf("%w: dictionary of %d bytes", ErrExpansion, b.dict)
	}
	return b, nil
}

// open allocates the dictionary and begins with the data.
func (b *xzBlock) open() error {
	var err error
	b.lzma, err = lzma.Reader2Config{DictCap: b.dictCap()}.NewReader2(b.in)
	return err
}

// parse reads the fields between the size and the sum of a block header.
func (b *xzBlock) parse(p []byte) error {
	flags, r := p[0], bytes.NewReader(p[1:])
	if flags&0x3f != 0 {
		return fmt.Errorf("xz: block flags %#x are not supported", flags)
	}
	b.compressed, b.uncompressed = -1, -1
	for _, f := range []struct {
		flag byte
		to   *int64
	}{{0x40, &b.compressed}, {0x80, &b.uncompressed}} {
		if flags&f.flag == 0 {
			continue
		}
		n, err := readXzNumber(r)
		if err != nil {
			return errXzBlockHeader
		}
		*f.to = int64(n)
	}
	id, err := readXzNumber(r)
	if err != nil {
		return errXzBlockHeader
	}
	if id != xzFilterLZMA2 {
		return fmt.Errorf("xz: filter %#x is not supported", id)
	}
	size, _ := r.ReadByte()
	props, err := r.ReadByte()
	if err != nil || size != 1 || props > 40 {
		return errXzBlockHeader
	}
	b.dict = xzDictSize(props)
	for range r.Len() {
		if c, _ := r.ReadByte(); c != 0 {
			return errXzBlockHeader
		}
	}
	return nil
}

func xzDictSize(props byte) int64 {
	if props == 40 {
		return 1<<32 - 1
	}
	return int64(2|props&1) << (props/2 + 11)
}

// dictCap is no larger than what the block holds, if that is known: no
// distance reaches further back.
func (b *xzBlock) dictCap() int {
	n := b.dict
	if b.uncompressed >= 0 {
		n = min(n, b.uncompressed)
	}
	return int(max(n, lzma.MinDictCap))
}

// Read implements [io.Reader].
func (b *xzBlock) Read(p []byte) (int, error) {
	n, err := b.lzma.Read(p)
	b.out += int64(n)
	b.check.Write(p[:n])
	if b.uncompressed >= 0 && b.out > b.uncompressed {
		return n, errXzBlock
	}
	return n, err
}

// finish reads the padding and the check behind the data.
func (b *xzBlock) finish() error {
	if b.compressed >= 0 && b.in.n != b.compressed || b.uncompressed >= 0 && b.out != b.uncompressed {
		return errXzBlock
	}
	tail := make([]byte, int(-b.in.n&3)+b.check.Size())
	if _, err := io.ReadFull(b.in.in, tail); err != nil {
		return err
	}
	want := make([]byte, int(-b.in.n&3), len(tail))
	if !bytes.Equal(tail, b.check.Sum(want)) {
		return errXzBlock
	}
	return nil
}

func (b *xzBlock) unpaddedSize() int64 {
	return b.headerSize + b.in.n + int64(b.check.Size())
}

// xzCounter counts the compressed bytes of a block.
type xzCounter struct {
	in *bufio.Reader
	n  int64
}

// Read implements [io.Reader].
func (c *xzCounter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// ReadByte implements [io.ByteReader].
func (c *xzCounter) ReadByte() (byte, error) {
	b, err := c.in.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func newXzCheck(kind byte) (hash.Hash, error) {
	switch kind {
	case 0:
		return noCheck{}, nil
	case 1:
		return littleEndian{crc32.NewIEEE()}, nil
	case 4:
		return littleEndian{crc64.New(crc64.MakeTable(crc64.ECMA))}, nil
	case 10:
		return sha256.New(), nil
	}
	return nil, fmt.Errorf("xz: check %d is not supported", kind)
}

// littleEndian turns the sum of a hash around: xz stores its CRCs with the
// lowest byte first.
type littleEndian struct{ hash.Hash }

// Sum implements [hash.Hash].
func (l littleEndian) Sum(b []byte) []byte {
	sum := l.Hash.Sum(nil)
	for _, c := range slices.Backward(sum) {
		b = append(b, c)
	}
	return b
}

// noCheck is the check of a stream without one.
type noCheck struct{}

func (noCheck) Write(p []byte) (int, error) { return len(p), nil }
func (noCheck) Sum(b []byte) []byte         { return b }
func (noCheck) Reset()                      {}
func (noCheck) Size() int                   { return 0 }
func (noCheck) BlockSize() int              { return 1 }
