package compression

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// zstdReader decodes in the calling goroutine.
type zstdReader struct {
	z *zstd.Decoder
}

func newZstdReader(in *bufio.Reader) (*zstdReader, error) {
	z, err := zstd.NewReader(in,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(MaxWindow),
	)
	if err != nil {
		return nil, err
	}
	return &zstdReader{z: z}, nil
}

// Read implements [io.Reader].
func (z *zstdReader) Read(p []byte) (int, error) {
	n, err := z.z.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = fmt.Errorf("%w: %w", ErrExpansion, err)
	}
	return n, err
}

// Close implements [io.Closer].
func (z *zstdReader) Close() error {
	z.z.Close()
	return nil
}

func newZstdWriter(w io.Writer, level int) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)))
}
