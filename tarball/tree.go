package tarball

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/tarscan"
)

// tree is where members are read from. Its errors say of which kind they are.
type tree struct{ fs.FS }

// member is a regular file of the archive.
type member struct {
	name   string
	size   int64
	header *tarscan.Header // of what links lead to, nil in a directory
}

// memberName returns the name in the tree of what a document of the archive names. A name that leads out is damage.
func memberName(written string) (string, error) {
	if written == "" {
		return "", image.Damagef("a name is empty")
	}
	for part := range strings.SplitSeq(written, "/") {
		if part == ".." {
			return "", image.Damagef("name %q leads out of the archive", written)
		}
	}
	name := strings.TrimPrefix(path.Clean("/"+written), "/")
	if name == "" || !fs.ValidPath(name) || strings.Contains(name, "\x00") {
		return "", image.Damagef("name %q is not that of a member", written)
	}
	return name, nil
}

// stat returns the member of a name, links followed.
func (t tree) stat(name string) (member, error) {
	in, err := fs.Stat(t.FS, name)
	if err != nil {
		return member{}, kindOf(err)
	}
	if !in.Mode().IsRegular() {
		return member{}, image.Damagef("stat %s: not a regular file", name)
	}
	header, _ := in.Sys().(*tarscan.Header)
	return member{name, in.Size(), header}, nil
}

// open returns the bytes of a member.
func (t tree) open(name string) (*image.Blob, error) {
	m, err := t.stat(name) // first: to open a fifo would wait for a writer
	if err != nil {
		return nil, err
	}
	f, err := t.Open(name)
	if err != nil {
		return nil, kindOf(err)
	}
	r, ok := f.(io.ReaderAt)
	if !ok {
		_ = f.Close()
		return nil, fmt.Errorf("open %s: file cannot be read at random", name)
	}
	return image.NewBlob(r, m.size, f.Close), nil
}

// document returns the bytes of a member that is a JSON document.
func (t tree) document(name string) ([]byte, error) {
	blob, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if blob.Size > image.MaxDocument {
		return nil, image.Damagef("read %s: document of %d bytes, more than %d", name, blob.Size, image.MaxDocument)
	}
	raw := make([]byte, blob.Size)
	if _, err := io.ReadFull(blob.Reader(), raw); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return raw, nil
}

// exists reports whether there is a member of that name.
func (t tree) exists(name string) (bool, error) {
	_, err := t.stat(name)
	if errors.Is(err, image.ErrMissing) {
		return false, nil
	}
	return err == nil, err
}

// format tells how a member is compressed.
func (t tree) format(name string) (compression.Format, error) {
	blob, err := t.open(name)
	if err != nil {
		return compression.None, err
	}
	defer blob.Close()
	head := make([]byte, min(blob.Size, compression.HeadSize))
	if _, err := io.ReadFull(blob.Reader(), head); err != nil {
		return compression.None, fmt.Errorf("read %s: %w", name, err)
	}
	return compression.Detect(head), nil
}

// digest returns the digest of a member's bytes.
func (t tree) digest(ctx context.Context, name string) (digest.Digest, error) {
	blob, err := t.open(name)
	if err != nil {
		return "", err
	}
	defer blob.Close()
	hash := digest.Canonical.Digester()
	if _, err := copyContext(ctx, hash.Hash(), blob.Reader()); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return hash.Digest(), nil
}

// kindOf gives an error of the file system its kind. What is not there is missing, also at the end of a link; links in
// circles or out of the tree are damage; all else, such as an I/O error, has no kind.
func kindOf(err error) error {
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return image.Missingf("%w", err)
	case errors.Is(err, syscall.ELOOP):
		return image.Damagef("%w", err)
	case errors.As(err, &errno), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrClosed):
		return err
	}
	return image.Damagef("%w", err)
}

const copyBuffer = 256 << 10

// copyContext copies until the end of r or of the context.
func copyContext(ctx context.Context, w io.Writer, r io.Reader) (n int64, err error) {
	return io.CopyBuffer(struct{ io.Writer }{w}, contextReader{ctx, r}, make([]byte, copyBuffer))
}

// contextReader is a reader that ends with its context.
type contextReader struct {
	ctx context.Context //nolint:containedctx // a contextReader lives as long as one copy
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
