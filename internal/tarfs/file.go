package tarfs

import (
	"errors"
	"io"
	"io/fs"

	"github.com/imgtool/imgtool/internal/tarscan"
)

var (
	errIsDir  = errors.New("is a directory")
	errNotDir = errors.New("not a directory")
)

// content opens the data of a node that is no directory.
func (f *FS) content(n *node) (File, error) {
	h := n.header
	if h.Type != tarscan.TypeReg {
		return nil, ErrNoContent
	}
	if f.archive != nil {
		return section{f.logical(h), h.Size}, nil
	}
	if n.content == nil {
		return nil, ErrNoContent
	}
	return n.content.Open()
}

// logical returns the data of a member of the archive.
func (f *FS) logical(h *tarscan.Header) io.ReaderAt {
	stored := io.NewSectionReader(f.archive, h.DataOffset, h.DataSize)
	if h.Sparse == nil {
		return stored
	}
	return tarscan.NewExtentReader(h, stored)
}

// section is a File within the archive.
type section struct {
	io.ReaderAt
	size int64
}

func (s section) Size() int64 { return s.size }
func (section) Close() error  { return nil }

// file is an opened regular file. Its ReadAt may be used by several goroutines
// at a time, its other methods not.
type file struct {
	info    info
	path    string
	content File // nil when closed
	reader  *io.SectionReader
}

// maxCopyBuffer is what WriteTo reads at a time, at most.
const maxCopyBuffer = 256 << 10

func newFile(in info, name string, content File) *file {
	return &file{info: in, path: name, content: content, reader: io.NewSectionReader(content, 0, content.Size())}
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

// Size returns the logical size in bytes.
func (f *file) Size() int64 { return f.reader.Size() }

func (f *file) Read(p []byte) (int, error) {
	if f.content == nil {
		return 0, f.fail("read", fs.ErrClosed)
	}
	n, err := f.reader.Read(p)
	return n, f.fail("read", err)
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if f.content == nil {
		return 0, f.fail("read", fs.ErrClosed)
	}
	if off < 0 {
		return 0, f.fail("read", fs.ErrInvalid)
	}
	n, err := f.reader.ReadAt(p, off)
	return n, f.fail("read", err)
}

func (f *file) Seek(offset int64, whence int) (int64, error) {
	if f.content == nil {
		return 0, f.fail("seek", fs.ErrClosed)
	}
	n, err := f.reader.Seek(offset, whence)
	if err != nil {
		return 0, f.fail("seek", fs.ErrInvalid)
	}
	return n, nil
}

// WriteTo writes what Read would return, in large pieces.
func (f *file) WriteTo(w io.Writer) (int64, error) {
	if f.content == nil {
		return 0, f.fail("read", fs.ErrClosed)
	}
	pos, err := f.reader.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, f.fail("seek", err)
	}
	left := max(f.reader.Size()-pos, 0)
	if left == 0 {
		return 0, nil
	}
	// The struct hides the ReaderFrom of w, which would read in small pieces.
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, f.reader, make([]byte, min(left, maxCopyBuffer)))
	if err == nil && n < left {
		err = f.fail("read", io.ErrUnexpectedEOF)
	}
	return n, err
}

func (f *file) Close() error {
	if f.content == nil {
		return f.fail("close", fs.ErrClosed)
	}
	content := f.content
	f.content = nil
	return f.fail("close", content.Close())
}

// fail says what went wrong with which file. The end of a file is no failure.
func (f *file) fail(op string, err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // readers return io.EOF as it is
		return err
	}
	return &fs.PathError{Op: op, Path: f.path, Err: err}
}
