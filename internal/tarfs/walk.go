package tarfs

import (
	"io/fs"
	"strings"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// walker goes through the tree as a kernel would, and counts the links on the
// way and the names in them.
type walker struct {
	root  *node
	links int
	names int
}

func (f *FS) walker() *walker { return &walker{root: f.root} }

// to returns the node at a path from the root. It follows hard links always,
// a symbolic link at the end if told so.
func (w *walker) to(path string, follow bool) (*node, error) {
	return w.walk(w.root, path, follow)
}

// walk takes the path one name at a time. Going through a symbolic link is a
// walk of its own from the link's directory; the recursion is as deep as there
// are links, MaxLinks at most.
func (w *walker) walk(from *node, path string, follow bool) (*node, error) {
	at := from
	for path != "" {
		var name string
		name, path, _ = strings.Cut(path, "/")
		if w.links > 0 {
			if w.names++; w.names > MaxLinkNames {
				return nil, ErrLinks
			}
		}
		if name == "" || name == "." {
			continue
		}
		if !at.dir {
			return nil, fs.ErrNotExist
		}
		if name == ".." {
			if at = at.parent; at == nil {
				return nil, ErrOutside
			}
			continue
		}
		next, err := w.step(at, name, follow || path != "")
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// step returns a child of a directory, or what it links to.
func (w *walker) step(dir *node, name string, follow bool) (*node, error) {
	n := dir.children[name]
	if n == nil {
		return nil, fs.ErrNotExist
	}
	kind := n.kind()
	if kind != tarscan.TypeLink && (kind != tarscan.TypeSymlink || !follow) {
		return n, nil
	}
	if w.links++; w.links > MaxLinks {
		return nil, ErrLinks
	}
	target := n.header.Linkname
	if kind == tarscan.TypeLink {
		return w.hardLink(target, follow)
	}
	if target == "" {
		return nil, fs.ErrNotExist
	}
	if strings.HasPrefix(target, "/") {
		dir = w.root
	}
	return w.walk(dir, target, true)
}

// hardLink returns the member that a hard link names, which is no directory.
func (w *walker) hardLink(target string, follow bool) (*node, error) {
	for part := range strings.SplitSeq(target, "/") {
		if part == ".." {
			return nil, ErrOutside
		}
	}
	n, err := w.walk(w.root, target, follow)
	if err == nil && n.dir {
		return nil, fs.ErrNotExist
	}
	return n, err
}
