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
	v := image.NewVerifier(d)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, e.buf)
		if n > 0 {
			if _, err := v.Write(e.buf[:n]); err != nil {
				return err
			}
			if _, err := e.tw.Write(e.buf[:n]); err != nil {
				return fmt.Errorf("write %s: %w", name, err)
			}
		}
		switch {
		case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
			return v.Verify()
		case err != nil:
			return fmt.Errorf("read blob %s: %w", d.Digest, err)
		}
	}
}

func (e *entryWriter) close() error {
	if err := e.tw.Close(); err != nil {
		return fmt.Errorf("write end of archive: %w", err)
	}
	return nil
}
