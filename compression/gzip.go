package compression

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

var errTrailing = errors.New("data after the end")

// gzipReader reads the members of a gzip file one by one, because only so
// can it tell what follows the last one.
type gzipReader struct {
	in *bufio.Reader
	z  *gzip.Reader
}

func newGzipReader(in *bufio.Reader) (*gzipReader, error) {
	// This takes one byte at a time off a bufio.Reader, never more than it
	// needs.
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, noEOF(err)
	}
	z.Multistream(false)
	return &gzipReader{in: in, z: z}, nil
}

// Read implements [io.Reader].
func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if err := g.next(); err != nil || n > 0 {
			return n, err
		}
	}
}

// next begins the next member, or returns io.EOF if there is none.
func (g *gzipReader) next() error {
	b, err := g.in.Peek(1)
	if err != nil {
		return err
	}
	if b[0] == 0 {
		return g.padding()
	}
	if b, err := g.in.Peek(2); err == nil && Detect(b) != Gzip {
		return errTrailing
	}
	if err := g.z.Reset(g.in); err != nil {
		return noEOF(err)
	}
	g.z.Multistream(false)
	return nil
}

// padding reads zero bytes up to the end.
func (g *gzipReader) padding() error {
	for {
		b, err := g.in.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return errTrailing
		}
	}
}

// Close implements [io.Closer].
func (g *gzipReader) Close() error { return g.z.Close() }

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
