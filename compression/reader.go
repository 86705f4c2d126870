package compression

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
)

// ErrCorrupt is the kind of every error that comes from damage in a
// compressed stream. A stream cut short is also [io.ErrUnexpectedEOF].
// Errors of the reader below are passed on and are not of this kind.
var ErrCorrupt = errors.New("corrupt stream")

// sourceBuffer is how much is read from the compressed side at once.
const sourceBuffer = 64 << 10

// Open detects the format of r by its first bytes and returns what
// [NewReader] does for it. An r that is shorter than any magic is [None].
func Open(r io.Reader, lim Limits) (io.ReadCloser, Format, error) {
	head := make([]byte, HeadSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, None, fmt.Errorf("read the head of a stream: %w", err)
	}
	head = head[:n]
	f := Detect(head)
	rc, err := NewReader(io.MultiReader(bytes.NewReader(head), r), f, lim)
	return rc, f, err
}

// NewReader returns a reader of what r holds in the format f. It may read
// more of r than the stream needs: the stream has to be all there is in r.
// Several members, frames or streams behind each other are one; nothing at
// all, a cut stream, a wrong checksum and bytes that follow the end are
// [ErrCorrupt]. Zero bytes that follow a gzip stream are let pass, as GNU
// gzip does, because tapes and blocked copies leave them.
//
// A stream that expands beyond lim ends with [ErrExpansion]. [None] passes
// r through, whatever lim says.
//
// Close frees what the decoder holds, also before the end; it neither
// closes r nor reports damage. Close must not run beside a Read.
func NewReader(r io.Reader, f Format, lim Limits) (io.ReadCloser, error) {
	if f == None {
		return io.NopCloser(r), nil
	}
	src := &source{r: r}
	d := &decoder{src: src, format: f, limits: lim.withDefaults()}
	in := bufio.NewReaderSize(src, sourceBuffer)
	var err error
	switch f {
	case Gzip:
		d.stream, err = newGzipReader(in)
	case Zstd:
		d.stream, err = newZstdReader(in)
	case Xz:
		d.stream, err = newXzReader(in)
	case Bzip2:
		d.stream = io.NopCloser(bzip2.NewReader(in))
	default:
		return nil, fmt.Errorf("read a compressed stream: format %d is unknown", int(f))
	}
	if err != nil {
		return nil, d.explain(err)
	}
	return d, nil
}

// source counts what is read from the compressed side and remembers its
// error, which decoders may hide or mistake for damage.
type source struct {
	r   io.Reader
	n   int64
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// decoder holds a stream to its limits and gives its errors their kinds.
type decoder struct {
	src    *source
	stream io.ReadCloser
	format Format
	limits Limits
	out    int64
	err    error // What every further Read returns.
}

// Read implements [io.Reader].
func (d *decoder) Read(p []byte) (int, error) {
	if d.err != nil || len(p) == 0 {
		return 0, d.err
	}
	n, err := d.stream.Read(p)
	d.out += int64(n)
	if !d.limits.Allows(d.out, d.src.n) {
		d.err = fmt.Errorf("read %s stream: %w: %d bytes from %d", d.format, ErrExpansion, d.out, d.src.n)
		if beyond := d.out - d.limits.Bytes; d.limits.Bytes > 0 && beyond > 0 {
			n -= int(beyond)
		}
		return n, d.err
	}
	d.err = d.explain(err)
	return n, d.err
}

// Close implements [io.Closer].
func (d *decoder) Close() error {
	if d.stream == nil {
		return nil
	}
	err := d.stream.Close()
	d.stream = nil
	d.err = fmt.Errorf("read %s stream: closed", d.format)
	if err != nil {
		return fmt.Errorf("close %s stream: %w", d.format, err)
	}
	return nil
}

// explain turns an error of the stream into one of ours. An end is only an
// end if something was read at all.
func (d *decoder) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case d.src.err != nil:
		err = d.src.err
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("read %s stream: %w", d.format, err)
		}
	case errors.Is(err, ErrExpansion):
		return fmt.Errorf("read %s stream: %w", d.format, err)
	case errors.Is(err, io.EOF) && d.src.n > 0:
		return io.EOF
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %s stream near byte %d: %w: %w", d.format, d.src.n, ErrCorrupt, err)
}
