package tarfs

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// FS is the tree of an archive. It is safe for concurrent use if the archive's
// io.ReaderAt is, or the contents that were kept of it. It implements
// fs.StatFS, fs.ReadDirFS, fs.ReadFileFS and fs.ReadLinkFS.
type FS struct {
	archive io.ReaderAt // nil after Read
	root    *node
	unsafe  []string
	members int
	implied int

	sparseSize, sparseStored int64 // bytes of sparse members
}

// Content is data that were kept of a stream. It is opened whenever its file is,
// perhaps at the same time as others.
type Content interface {
	Open() (File, error)
}

// File is opened content. It must be safe for concurrent use.
type File interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Open reads the headers of the archive that is the first size bytes of r, and
// nothing else. An archive that is damaged or incomplete is an error that wraps
// tarscan.ErrFormat; what follows its end is ignored. The FS reads from r as
// long as it is used, and never closes it.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	f := &FS{archive: r, root: &node{name: ".", dir: true}}
	err := f.index(tarscan.NewReaderAt(r, size), func(*tarscan.Header) (Content, error) { return nil, nil })
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Read reads an archive in one pass, to its end but not beyond. It hands the
// data of each regular file to keep, as they are logically: a sparse file with
// its holes, h.Size bytes, which can be far more than the archive has. What keep
// leaves unread is skipped. The Content that it returns must give the same bytes
// again; nil is for a file that nobody will open. Hard links carry no data and
// are not handed over. An error of keep ends the pass and is returned wrapped;
// what has been kept until then is keep's to remove, and so is what later
// members of the same name replace.
func Read(r io.Reader, keep func(h *tarscan.Header, data io.Reader) (Content, error)) (*FS, error) {
	f := &FS{root: &node{name: ".", dir: true}}
	s := tarscan.NewReader(r)
	err := f.index(s, func(h *tarscan.Header) (Content, error) {
		if h.Type != tarscan.TypeReg {
			return nil, nil
		}
		content, err := keep(h, tarscan.NewLogicalReader(h, s))
		if err != nil {
			return nil, fmt.Errorf("keep %q: %w", h.Name, err)
		}
		return content, nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (f *FS) index(s *tarscan.Scanner, content func(*tarscan.Header) (Content, error)) error {
	for {
		h, err := s.Next()
		if err == io.EOF { //nolint:errorlint // the scanner returns io.EOF as it is
			return nil
		}
		if err != nil {
			return err
		}
		if h.Sparse != nil {
			f.sparseSize = min(f.sparseSize+h.Size, math.MaxInt64/2) // no sum of two overflows
			f.sparseStored += h.DataSize
		}
		c, err := content(h)
		if err != nil {
			return err
		}
		if err := f.add(h, c); err != nil {
			return fmt.Errorf("index member %q: %w", h.Name, err)
		}
	}
}

// Sparse returns how many bytes sparse members have in all, and how many of them
// the archive stores. The first is bound by nothing but MaxSize for each.
func (f *FS) Sparse() (logical, stored int64) { return f.sparseSize, f.sparseStored }

// Unsafe returns, as written and in the archive's order, the names that are no
// part of the tree.
func (f *FS) Unsafe() []string { return slices.Clone(f.unsafe) }

// Open opens the named file, links followed. Regular files also implement
// io.ReaderAt, io.Seeker and io.WriterTo; directories fs.ReadDirFile. Errors are
// *fs.PathError and wrap fs.ErrInvalid, fs.ErrNotExist, or one of this package.
func (f *FS) Open(name string) (fs.File, error) {
	n, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	in := info{name: baseName(name), node: n}
	if n.dir {
		return &dir{info: in, path: name, entries: f.entries(n)}, nil
	}
	content, err := f.content(n)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return newFile(in, name, content), nil
}

// Stat describes the named file, links followed.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	n, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return info{name: baseName(name), node: n}, nil
}

// Lstat describes the named file, which may be a symbolic link. A hard link is
// described as what it links to.
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrInvalid}
	}
	n, err := f.walker().to(name, false)
	if err != nil {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	return info{name: baseName(name), node: n}, nil
}

// ReadLink returns the target of the named symbolic link as written.
func (f *FS) ReadLink(name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	n, err := f.walker().to(name, false)
	if err == nil && n.kind() != tarscan.TypeSymlink {
		err = fs.ErrInvalid
	}
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return n.header.Linkname, nil
}

// ReadDir lists the named directory by name, links not followed.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := f.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.dir {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotDir}
	}
	return f.entries(n), nil
}

// ReadFile reads the named file if it is no larger than MaxReadFile.
func (f *FS) ReadFile(name string) ([]byte, error) {
	n, err := f.find("read", name)
	if err != nil {
		return nil, err
	}
	data, err := f.readAll(n)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, nil
}

func (f *FS) readAll(n *node) ([]byte, error) {
	if n.dir {
		return nil, errIsDir
	}
	content, err := f.content(n)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	if content.Size() > MaxReadFile {
		return nil, ErrTooLarge
	}
	data := make([]byte, content.Size())
	if _, err := io.ReadFull(io.NewSectionReader(content, 0, content.Size()), data); err != nil {
		return nil, err
	}
	return data, nil
}

// find returns what the name leads to, for an operation on it.
func (f *FS) find(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	n, err := f.walker().to(name, true)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return n, nil
}
