package tarfs

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// node is a name in the tree.
type node struct {
	name     string
	parent   *node            // nil for the root
	children map[string]*node // not nil for directories alone
	header   *tarscan.Header  // nil for a directory that the archive leaves out
	content  Content          // of Read; nil after Open
}

func newDir(name string, parent *node) *node {
	return &node{name: name, parent: parent, children: map[string]*node{}}
}

func (n *node) isDir() bool { return n.children != nil }

// kind returns the type of the member, of a directory also without one.
func (n *node) kind() byte {
	if n.isDir() {
		return tarscan.TypeDir
	}
	return n.header.Type
}

// cleanName returns a member's name as a path of the tree, or false if it cannot
// be one.
func cleanName(name string) (string, bool) {
	if !utf8.ValidString(name) {
		return "", false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", false
		}
	}
	name = path.Clean("/" + name)[1:]
	if name == "" {
		name = "."
	}
	return name, true
}

// add puts a member into the tree.
func (f *FS) add(h *tarscan.Header, content Content) error {
	f.members++
	if f.members > MaxMembers {
		return ErrMembers
	}
	name, ok := cleanName(h.Name)
	if !ok || name == "." && h.Type != tarscan.TypeDir {
		f.unsafe = append(f.unsafe, h.Name)
		return nil
	}
	if name == "." {
		f.root.header = h
		return nil
	}
	dir, base := f.root, name
	for {
		first, rest, more := strings.Cut(base, "/")
		if !more {
			break
		}
		next := dir.children[first]
		if next == nil || !next.isDir() {
			next = newDir(first, dir)
			if err := f.insert(next); err != nil {
				return err
			}
		}
		dir, base = next, rest
	}
	if old := dir.children[base]; old != nil && old.isDir() && h.Type == tarscan.TypeDir {
		old.header = h
		return nil
	}
	n := &node{name: base, parent: dir, header: h, content: content}
	if h.Type == tarscan.TypeDir {
		n.children = map[string]*node{}
	}
	return f.insert(n)
}

// insert counts replaced names too: they were work.
func (f *FS) insert(n *node) error {
	f.names++
	if f.names > MaxMembers {
		return ErrMembers
	}
	n.parent.children[n.name] = n
	return nil
}
