package tarscan

import (
	"errors"
	"fmt"
	"io"
)

// source is where the scanner reads blocks from, and where it stands there.
type source interface {
	// block returns the next block, or what is left at the end. It is valid
	// until the next call of any method.
	block() (block, error)

	// skip moves ahead by n bytes, or to the end if that is nearer, and returns
	// by how many.
	skip(n int64) (int64, error)

	// read reads stored data.
	read(p []byte) (int, error)

	offset() int64
}

// atEnd reports whether err is io.EOF itself, which is how readers tell of their
// end. An error that wraps it is not one.
func atEnd(err error) bool {
	return err == io.EOF //nolint:errorlint // see above
}

// stream reads exactly what is asked for, so that who gave us the reader can go
// on behind the archive.
type stream struct {
	r       io.Reader
	pos     int64
	buf     [blockSize]byte
	discard []byte
}

const discardSize = 32 << 10

func (s *stream) offset() int64 { return s.pos }

func (s *stream) block() (block, error) {
	n, err := s.full(s.buf[:])
	return s.buf[:n], err
}

func (s *stream) skip(n int64) (int64, error) {
	if n > 0 && s.discard == nil {
		s.discard = make([]byte, discardSize)
	}
	var done int64
	for done < n {
		want := int(min(n-done, discardSize))
		got, err := s.full(s.discard[:want])
		done += int64(got)
		if err != nil || got < want {
			return done, err
		}
	}
	return done, nil
}

func (s *stream) read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.pos += int64(n)
	if err != nil && !atEnd(err) {
		err = fmt.Errorf("read archive at offset %d: %w", s.pos, err)
	}
	return n, err
}

// full fills p, or less at the end, which is no error here. It is no io.ReadFull
// because a decompressor's io.ErrUnexpectedEOF must not look like such an end.
func (s *stream) full(p []byte) (int, error) {
	n := 0
	for empty := 0; n < len(p); {
		got, err := s.read(p[n:])
		n += got
		if atEnd(err) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if got > 0 {
			empty = 0
		} else if empty++; empty == 100 {
			return n, fmt.Errorf("read archive at offset %d: %w", s.pos, io.ErrNoProgress)
		}
	}
	return n, nil
}

// window reads headers at random through a small buffer, which grows while they
// stand close together and falls back to one block when they do not.
type window struct {
	r     io.ReaderAt
	size  int64
	pos   int64
	start int64 // of buf in the archive
	buf   []byte
	ahead int   // how much to read next
	used  int64 // bytes of blocks taken from buf
}

const (
	firstAhead = 4 << 10
	maxAhead   = 32 << 10
	nearAhead  = 4 << 10 // a gap for which reading on beats reading anew
)

var errNotStream = errors.New("archive is not read as a stream")

func (w *window) offset() int64 { return w.pos }

func (w *window) block() (block, error) {
	if i := w.pos - w.start; i+blockSize <= int64(len(w.buf)) {
		w.pos += blockSize
		w.used += blockSize
		return w.buf[i : i+blockSize : i+blockSize], nil
	}
	return w.fill()
}

func (w *window) fill() (block, error) {
	w.adapt()
	n := int(min(int64(w.ahead), w.size-w.pos))
	if cap(w.buf) < n {
		w.buf = make([]byte, w.ahead)
	}
	w.start, w.used = w.pos, 0
	got, err := w.r.ReadAt(w.buf[:n:cap(w.buf)], w.pos)
	w.buf = w.buf[:got]
	if got < n && !atEnd(err) {
		return nil, fmt.Errorf("read archive at offset %d: %w", w.pos, err)
	}
	got = min(got, blockSize)
	w.pos += int64(got)
	w.used = int64(got)
	return w.buf[:got:got], nil
}

func (w *window) adapt() {
	gap := w.pos - w.start - int64(len(w.buf))
	switch {
	case w.ahead == 0:
		w.ahead = firstAhead
	case gap > nearAhead:
		w.ahead = blockSize
	case w.used*8 >= int64(len(w.buf)):
		w.ahead = min(2*w.ahead, maxAhead)
	default:
		w.ahead = max(w.ahead/2, blockSize)
	}
}

func (w *window) skip(n int64) (int64, error) {
	n = min(n, w.size-w.pos)
	w.pos += n
	return n, nil
}

func (w *window) read([]byte) (int, error) { return 0, errNotStream }
