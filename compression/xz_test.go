package compression_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/imgtool/imgtool/compression"
)

// xzDict is a stream of one byte whose block header asks for the dictionary
// that props names.
func xzDict(tb testing.TB, props byte) []byte {
	tb.Helper()
	b := written(tb, []byte("x"), xzNew(xz.WriterConfig{}))
	// The block header follows the stream header of 12 bytes: size, flags,
	// filter, size of its properties, its property, padding, CRC.
	head := b[12 : 12+(int(b[12])+1)*4]
	if head[1] != 0 || head[2] != 0x21 || head[3] != 1 {
		tb.Fatalf("unexpected block header %x", head)
	}
	head[4] = props
	binary.LittleEndian.PutUint32(head[len(head)-4:], crc32.ChecksumIEEE(head[:len(head)-4]))
	return b
}

func TestXzChecks(t *testing.T) {
	p := corpus(5000)
	for name, c := range map[string]xz.WriterConfig{
		"crc32":  {CheckSum: xz.CRC32},
		"crc64":  {CheckSum: xz.CRC64},
		"sha256": {CheckSum: xz.SHA256},
		"none":   {NoCheckSum: true},
		"blocks": {BlockSize: 100, DictCap: 4096},
	} {
		t.Run(name, func(t *testing.T) {
			one := written(t, p, xzNew(c))
			got, err := read(join(one, make([]byte, 8), one), compression.Xz, compression.Limits{})
			if err != nil || !bytes.Equal(got, join(p, p)) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}
