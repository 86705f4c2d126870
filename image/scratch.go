package image

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/opencontainers/go-digest"
)

// Scratch is a source of blobs that a verb has made and not yet written to their place. They lie behind each other in
// unlinked temporary files, one for each blob that is written at the same time, so nothing stays of them whatever
// happens. It is safe for concurrent use.
type Scratch struct {
	temp   func() (*os.File, error)
	copier Copier

	mu    sync.Mutex
	files []*os.File
	free  []*scratchFile // that nobody is writing to
	blobs map[digest.Digest]scratchBlob
}

// scratchFile is a file that blobs are appended to.
type scratchFile struct {
	f   *os.File
	end int64
}

type scratchBlob struct {
	f            *os.File
	offset, size int64
}

// NewScratch returns an empty scratch whose files come from temp. The caller closes it.
func NewScratch(temp func() (*os.File, error)) *Scratch {
	return &Scratch{temp: temp, blobs: map[digest.Digest]scratchBlob{}}
}

// Write makes a blob of all that fill writes and returns its descriptor, without a media type. What fill has written
// goes to the file, and is hashed, while fill goes on.
func (s *Scratch) Write(ctx context.Context, fill func(io.Writer) error) (Descriptor, error) {
	f, err := s.take()
	if err != nil {
		return Descriptor{}, err
	}
	sum := digest.SHA256.Digester()
	size, err := s.copy(ctx, io.NewOffsetWriter(f.f, f.end), sum.Hash(), fill)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, f)
	if err != nil {
		return Descriptor{}, err // what was written is written over by the next
	}
	d := Descriptor{Digest: sum.Digest(), Size: size}
	if _, ok := s.blobs[d.Digest]; !ok {
		s.blobs[d.Digest] = scratchBlob{f.f, f.end, size}
		f.end += size
	}
	return d, nil
}

// take returns a file that nobody is writing to.
func (s *Scratch) take() (*scratchFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		f := s.free[n-1]
		s.free = s.free[:n-1]
		return f, nil
	}
	f, err := s.temp()
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, f)
	return &scratchFile{f: f}, nil
}

// copy copies what fill writes to w and sum, and returns how many bytes that were. Its error is that of fill, which is
// also told why its writes fail.
func (s *Scratch) copy(ctx context.Context, w, sum io.Writer, fill func(io.Writer) error) (int64, error) {
	pr, pw := io.Pipe()
	out := &counting{w: w}
	copied := make(chan error, 1)
	go func() {
		err := s.copier.Copy(ctx, out, sum, pr)
		_ = pr.CloseWithError(err) // never fails
		copied <- err
	}()
	err := fill(pw)
	_ = pw.CloseWithError(err) // never fails
	if failed := <-copied; err == nil {
		err = failed
	}
	return out.n, err
}

// Roots returns nothing: what is in a scratch hangs below the roots of an [Overlay].
func (s *Scratch) Roots(context.Context) ([]Root, error) { return nil, nil }

// Has reports whether the blob was made here.
func (s *Scratch) Has(_ context.Context, d Descriptor) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.blobs[d.Digest]
	return ok, nil
}

// Open returns a blob that was made here.
func (s *Scratch) Open(_ context.Context, d Descriptor) (*Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.blobs[d.Digest]
	if !ok {
		return nil, fmt.Errorf("open blob %s: %w", d.Digest, ErrMissing)
	}
	return NewBlob(io.NewSectionReader(b.f, b.offset, b.size), b.size, nil), nil
}

// Close frees the space of all blobs.
func (s *Scratch) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for _, f := range s.files {
		if err := f.Close(); err != nil && first == nil {
			first = err
		}
	}
	s.files, s.free, s.blobs = nil, nil, map[digest.Digest]scratchBlob{}
	return first
}

// counting counts the bytes written.
type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
