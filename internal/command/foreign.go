package command

import (
	"bytes"

	"github.com/imgtool/imgtool/image"
)

// headSize is how much of a file foreign wants to see.
const headSize = 512

// foreign returns an error that names what a file is that cannot be an archive of images, going by its first bytes: what
// people have at hand when a download went wrong (SPEC decision 7).
func foreign(head []byte) error {
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"))
	switch {
	case len(head) == 0:
		return image.Damagef("the file is empty")
	case bytes.HasPrefix(head, []byte("version https://git-lfs.github.com/spec/")):
		return hintf(image.Damagef("a Git LFS pointer, not the file that it stands for"), "run 'git lfs pull' where it came from")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return hintf(image.Damagef("a zip archive, not a tar"), "unpack it, and try what is in it")
	case bytes.HasPrefix(text, []byte("<!doctype html")), bytes.HasPrefix(text, []byte("<html")):
		return hintf(image.Damagef("an HTML page, not an archive"), "the download may have ended at a login page")
	case bytes.HasPrefix(text, []byte("<?xml")):
		return image.Damagef("an XML document, not an archive")
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return image.Damagef("a program, not an archive")
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return hintf(image.Damagef("a JSON document, not an archive"), "a layout or untarred archive is named by its directory")
	}
	return nil
}
