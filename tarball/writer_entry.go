package tarball

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/imgtool/imgtool/image"
)

// entryWriter writes the members of an archive. Its headers are those of USTAR where the numbers fit, else PAX.
type entryWriter struct {
	tw       *tar.Writer
	copier   image.Copier
	docker20 bool // the file type is in the mode too, and the owner has a name: as docker before 25 writes them
}

func newEntryWriter(w io.Writer, docker20 bool) entryWriter {
	return entryWriter{tw: tar.NewWriter(w), docker20: docker20}
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
	check := image.NewVerifier(d)
	if err := e.copier.Copy(ctx, memberWriter{e.tw, name}, check, r); err != nil {
		return err
	}
	return check.Verify()
}

// memberWriter writes the data of one member.
type memberWriter struct {
	tw   *tar.Writer
	name string
}

func (w memberWriter) Write(b []byte) (int, error) {
	n, err := w.tw.Write(b)
	if err != nil {
		err = fmt.Errorf("write %s: %w", w.name, err)
	}
	return n, err
}

func (e *entryWriter) close() error {
	if err := e.tw.Close(); err != nil {
		return fmt.Errorf("write end of archive: %w", err)
	}
	return nil
}
