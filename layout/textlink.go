package layout

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"

	"github.com/imgtool/imgtool/image"
)

// A layout that is kept in git with symbolic links for blobs, as docker-library keeps its images, loses the links where
// git checks it out without support for them: on Windows, on some network file systems, through some archives. In the
// place of a link then lies a file whose content is the link's target.

// maxTextLink is the longest target that a link can have on Linux.
const maxTextLink = 4096

// resolve returns the name of the file that holds a blob. That is the blob's own name, unless the file there does not
// have the blob's size and is a link in the form of text; then it is the link's target, which may not be there. Whoever
// reads the blob compares it with its digest anyway.
func resolve(fsys fs.FS, d image.Descriptor) (string, error) {
	name, err := blobPath(d.Digest)
	if err != nil {
		return "", err
	}
	info, err := fs.Stat(fsys, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() == d.Size || info.Size() > maxTextLink {
		return name, nil // whoever opens the file tells what is wrong with it
	}
	f, err := fsys.Open(name)
	if err != nil {
		return name, nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTextLink))
	if err != nil && !errors.Is(err, io.EOF) || !isTextLink(text) {
		return name, nil
	}
	target := path.Join(path.Dir(name), string(text))
	if !fs.ValidPath(target) {
		return name, nil
	}
	return target, nil
}

// isTextLink reports whether a file holds what a link would: a path upwards, and nothing else.
func isTextLink(text []byte) bool {
	return bytes.HasPrefix(text, []byte("../")) && !bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' })
}
