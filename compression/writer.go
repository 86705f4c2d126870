package compression

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/klauspost/pgzip"
)

// gzipBlock is the size of the blocks that are deflated beside each other.
// It is part of what is written: another size gives other bytes.
const gzipBlock = 1 << 20

var errClosed = errors.New("write to a closed stream")

// NewWriter returns a writer that compresses to w. What it writes is fixed
// by the input and s: headers carry no time and no name. It works on as many
// blocks at once as there are processors.
//
// Close finishes the stream and must be called, after an error too, to end
// the goroutines behind it; it does not close w.
func NewWriter(w io.Writer, s Spec) (io.WriteCloser, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("compress a stream: %w", err)
	}
	switch s.Format {
	case Gzip:
		return newGzipWriter(w, levelOr(s.Level, DefaultGzipLevel))
	case Zstd:
		return newZstdWriter(w, levelOr(s.Level, DefaultZstdLevel))
	default:
		return plainWriter{w}, nil
	}
}

func levelOr(level, fallback int) int {
	if level == 0 {
		return fallback
	}
	return level
}

// plainWriter passes on what is written.
type plainWriter struct{ io.Writer }

// Close implements [io.Closer] and leaves the writer below open.
func (plainWriter) Close() error { return nil }

// gzipWriter ends the goroutines of pgzip on every way out.
type gzipWriter struct {
	z      *pgzip.Writer
	closed bool
}

func newGzipWriter(w io.Writer, level int) (io.WriteCloser, error) {
	z, err := pgzip.NewWriterLevel(w, level)
	if err != nil {
		return nil, fmt.Errorf("compress a stream: %w", err)
	}
	if err := z.SetConcurrency(gzipBlock, runtime.GOMAXPROCS(0)); err != nil {
		return nil, fmt.Errorf("compress a stream: %w", err)
	}
	// pgzip writes the zero time.Time as a date; RFC 1952 has 0 for none.
	z.ModTime = time.Unix(0, 0)
	return &gzipWriter{z: z}, nil
}

// Write implements [io.Writer].
func (g *gzipWriter) Write(p []byte) (int, error) {
	if g.closed {
		return 0, errClosed
	}
	return g.z.Write(p)
}

// Close implements [io.Closer].
func (g *gzipWriter) Close() error {
	if g.closed {
		return nil
	}
	g.closed = true
	err := g.z.Close()
	// After an error Close leaves a goroutine behind; Reset waits for it.
	g.z.Reset(io.Discard)
	return err
}
