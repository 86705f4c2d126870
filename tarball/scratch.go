package tarball

import (
	"fmt"
	"io"
	"os"
)

// scratch is one temporary file without a name, for layers in compressions that no media type of a layer names.
type scratch struct {
	create func() (*os.File, error)
	file   *os.File // nil until something is put in
	size   int64
}

// put appends what write writes.
func (s *scratch) put(write func(io.Writer) error) (section, error) {
	if s.file == nil {
		create := s.create
		if create == nil {
			create = unnamedFile
		}
		f, err := create()
		if err != nil {
			return section{}, fmt.Errorf("make temporary file: %w", err)
		}
		s.file = f
	}
	w := io.NewOffsetWriter(s.file, s.size)
	if err := write(w); err != nil {
		return section{}, err
	}
	n, err := w.Seek(0, io.SeekCurrent)
	if err != nil {
		return section{}, fmt.Errorf("write temporary file: %w", err)
	}
	part := section{s.size, n}
	s.size += n
	return part, nil
}

func (s *scratch) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// unnamedFile returns a file in the directory for temporary files that has lost its name already.
func unnamedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "imgtool-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
