package command

import (
	"path"
	"strings"
)

// A place is where images are, as a user names it, and perhaps which of the images there.
type place struct {
	typed     string    // as typed
	path      string    // of an archive or a directory, or "-" for a standard stream; empty for the store
	selector  string    // which image: a name, digest, ID prefix, "@N" or a tag alone; empty: all there are
	transport transport // the format, if the user forces it
}

// transport is a spelling of containers-transports(5), which forces a format.
type transport string

// The transports.
const (
	noTransport   transport = ""
	dockerArchive transport = "docker-archive"
	ociArchive    transport = "oci-archive"
	ociDir        transport = "oci"
	dockerDir     transport = "docker-dir"
)

// suffixes make a word a path, whatever lies in the current directory.
var suffixes = []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2", ".oci"}

// stdStream is how standard input and output are spelled.
const stdStream = "-"

// parsePlace reads one of the spellings of an image or of the place where images are.
func parsePlace(s string) place {
	p := place{typed: s}
	for _, t := range []transport{dockerArchive, ociArchive, ociDir, dockerDir} {
		if rest, ok := strings.CutPrefix(s, string(t)+":"); ok && rest != "" {
			p.transport = t
			p.path, p.selector, _ = strings.Cut(rest, ":")
			return p
		}
	}
	file, selector, _ := strings.Cut(s, "::")
	if file == stdStream || isPath(file) {
		p.path, p.selector = file, selector
		return p
	}
	p.selector = s
	return p
}

// isPath reports whether a word is the path of an archive or directory rather than an image in the store.
func isPath(s string) bool {
	for _, prefix := range []string{"/", "./", "../"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	if s == "." || s == ".." || strings.HasSuffix(s, "/") {
		return true
	}
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) && s != suffix {
			return true
		}
	}
	return false
}

// parsePath is parsePlace for an argument that is no image of the store, such as the file that load reads: a bare word is
// a path too.
func parsePath(s string) place {
	p := parsePlace(s)
	if p.path == "" {
		file, selector, _ := strings.Cut(s, "::")
		return place{typed: s, path: file, selector: selector}
	}
	return p
}

// inStore reports whether the place is the store.
func (p place) inStore() bool { return p.path == "" }

// isDirName reports whether the path is spelled as that of a directory.
func (p place) isDirName() bool { return strings.HasSuffix(p.path, "/") || path.Base(p.path) == "." }

// selectors returns the selector as a list, empty if there is none.
func (p place) selectors() []string {
	if p.selector == "" {
		return nil
	}
	return []string{p.selector}
}
