package tarball

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/imgtool/imgtool/image"
)

const copySize = 1 << 20 // bytes copied at a time

// entryWriter writes the members of an archive. Its headers are those of USTAR where the numbers fit, else PAX.
type entryWriter struct {
	tw       *tar.Writer
	buf      []byte
	docker20 bool // the file type is in the mode too, and the owner has a name: as docker before 25 writes them
}

func newEntryWriter(w io.Writer, docker20 bool) entryWriter {
	return entryWriter{tw: tar.NewWriter(w), buf: make([]byte, copySize), docker20: docker20}
}

// The types of files as they stand in a mode (stat(2)).
const (
	modeDir     = 0o040000
	modeRegular = 0o100000
	modeSymlink = 0o120000
)

func (e *entryWriter) header(hdr *tar.Header, typeBits int64, t time.Time) error {
	hdr.ModTime = time.Unix(max(t.Unix(), 0), 0)
	if e.docker20 {
		hdr.Mode |= typeBits
		hdr.Uname, hdr.Gname = "root", "root"
	}
	if err := e.tw.WriteHeader(hdr); err != nil {
		return fmt.Errorf("write %s: %w", hdr.Name, err)
	}
	return nil
}

func (e *entryWriter) dir(name string, t time.Time) error {
	return e.header(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}, modeDir, t)
}

func (e *entryWriter) symlink(name, target string, t time.Time) error {
	return e.header(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}, modeSymlink, t)
}

func (e *entryWriter) regular(name string, size int64, t time.Time) error {
	return e.header(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}, modeRegular, t)
}

func (e *entryWriter) file(name string, raw []byte, t time.Time) error {
	if err := e.regular(name, int64(len(raw)), t); err != nil {
		return err
	}
	if _, err := e.tw.Write(raw); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// blob writes the bytes of r as a member and checks them as they pass.
func (e *entryWriter) blob(ctx context.Context, name string, d image.Descriptor, r io.Reader, t time.Time) error {
	if err := e.regular(name, d.Size, t); err != nil {
		return err
	}
	check := newParallelVerifier(d)
	defer check.stop()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, e.buf)
		if n > 0 {
			if err := e.passOn(name, e.buf[:n], check); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
			return check.verifier.Verify()
		case err != nil:
			return fmt.Errorf("read blob %s: %w", d.Digest, err)
		}
	}
}

// passOn writes bytes while they are checked. What is wrong with them is told rather than that they do not fit.
func (e *entryWriter) passOn(name string, b []byte, check *parallelVerifier) error {
	check.start(b)
	_, err := e.tw.Write(b)
	if err := check.wait(); err != nil {
		return err
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// parallelVerifier hashes in a goroutine of its own, which makes saving a large image a fifth faster.
type parallelVerifier struct {
	verifier *image.Verifier
	work     chan []byte
	done     chan error
}

func newParallelVerifier(d image.Descriptor) *parallelVerifier {
	p := &parallelVerifier{verifier: image.NewVerifier(d), work: make(chan []byte), done: make(chan error)}
	go func() {
		defer close(p.done)
		for b := range p.work {
			_, err := p.verifier.Write(b)
			p.done <- err
		}
	}()
	return p
}

// start hashes bytes that nobody changes before wait has returned.
func (p *parallelVerifier) start(b []byte) { p.work <- b }

func (p *parallelVerifier) wait() error { return <-p.done }

// stop ends the goroutine.
func (p *parallelVerifier) stop() {
	close(p.work)
	for range p.done { // until it is closed
	}
}

func (e *entryWriter) close() error {
	if err := e.tw.Close(); err != nil {
		return fmt.Errorf("write end of archive: %w", err)
	}
	return nil
}
