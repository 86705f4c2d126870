package tarscan

import (
	"errors"
	"io"
	"sort"
)

// NewExtentReader returns the logical data of an entry, holes read as zeros.
// The stored data begin at offset 0 of data: an io.SectionReader of DataSize
// bytes at DataOffset, or wherever they have been kept. It is h.Size bytes long,
// reads nothing outside of them, and is as safe for concurrent use as data.
func NewExtentReader(h *Header, data io.ReaderAt) io.ReaderAt {
	if h.Sparse == nil {
		return io.NewSectionReader(data, 0, h.Size)
	}
	r := &extentReader{data: data, size: h.Size, extents: h.Sparse, stored: make([]int64, len(h.Sparse))}
	var at int64
	for i, e := range h.Sparse {
		r.stored[i] = at
		at += e.Length
	}
	return r
}

// NewLogicalReader returns the logical data of an entry from a stream of its
// stored data. A small archive can make it as long as MaxSize: look at h.Size.
func NewLogicalReader(h *Header, stored io.Reader) io.Reader {
	if h.Sparse == nil {
		return stored
	}
	return &logicalReader{data: stored, size: h.Size, extents: h.Sparse}
}

var errNegativeOffset = errors.New("negative offset")

type extentReader struct {
	data    io.ReaderAt
	size    int64
	extents []Extent
	stored  []int64 // where each extent lies in data
}

func (r *extentReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errNegativeOffset
	}
	if off >= r.size {
		return 0, io.EOF
	}
	var end error
	if int64(len(p)) > r.size-off {
		p, end = p[:r.size-off], io.EOF
	}
	i := sort.Search(len(r.extents), func(i int) bool {
		return r.extents[i].Offset+r.extents[i].Length > off
	})
	n := 0
	for n < len(p) {
		got, err := r.run(p[n:], off+int64(n), i)
		n += got
		if err != nil {
			return n, err
		}
		i++
	}
	return n, end
}

// run reads the hole before the extent i, from off on, and the extent.
func (r *extentReader) run(p []byte, off int64, i int) (int, error) {
	if i == len(r.extents) {
		clear(p)
		return len(p), nil
	}
	e := r.extents[i]
	hole := 0
	if off < e.Offset {
		hole = int(min(e.Offset-off, int64(len(p))))
		clear(p[:hole])
		off += int64(hole)
	}
	p = p[hole:]
	if len(p) == 0 {
		return hole, nil
	}
	p = p[:min(int64(len(p)), e.Offset+e.Length-off)]
	n, err := r.data.ReadAt(p, r.stored[i]+off-e.Offset)
	if n == len(p) {
		return hole + n, nil
	}
	if err == nil || atEnd(err) {
		err = io.ErrUnexpectedEOF
	}
	return hole + n, err
}

type logicalReader struct {
	data    io.Reader
	pos     int64
	size    int64
	extents []Extent // not yet passed
}

func (r *logicalReader) Read(p []byte) (int, error) {
	for len(r.extents) > 0 && r.pos == r.extents[0].Offset+r.extents[0].Length {
		r.extents = r.extents[1:]
	}
	end := r.size
	if len(r.extents) > 0 {
		if e := r.extents[0]; r.pos >= e.Offset {
			return r.extent(p[:min(int64(len(p)), e.Offset+e.Length-r.pos)])
		}
		end = r.extents[0].Offset
	}
	if r.pos == r.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), end-r.pos))
	clear(p[:n])
	r.pos += int64(n)
	return n, nil
}

func (r *logicalReader) extent(p []byte) (int, error) {
	n, err := r.data.Read(p)
	r.pos += int64(n)
	if atEnd(err) {
		err = nil
		if n == 0 && len(p) > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}
