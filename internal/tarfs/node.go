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
	dir      bool             // whether it is a directory
	children map[string]*node // nil without any
	header   *tarscan.Header  // nil for a directory that the archive leaves out
	content  Content          // of Read; nil after Open
}

// kind returns the type of the member, of a directory also without one.
func (n *node) kind() byte {
	if n.dir {
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
	dir, base, err := f.parentOf(name)
	if err != nil {
		return err
	}
	isDir := h.Type == tarscan.TypeDir
	if old := dir.children[base]; old != nil && old.dir && isDir {
		old.header = h
		return nil
	}
	dir.put(&node{name: base, dir: isDir, header: h, content: content})
	return nil
}

// parentOf returns the directory of a clean name, which it makes if need be, and
// the last part of the name.
func (f *FS) parentOf(name string) (dir *node, base string, err error) {
	dir = f.root
	for {
		first, rest, more := strings.Cut(name, "/")
		if !more {
			return dir, name, nil
		}
		next := dir.children[first]
		if next == nil || !next.dir {
			if f.implied++; f.implied > MaxImpliedDirs {
				return nil, "", ErrImpliedDirs
			}
			next = &node{name: first, dir: true}
			dir.put(next)
		}
		dir, name = next, rest
	}
}

// put makes child one of the directory's, in the place of any of its name.
func (n *node) put(child *node) {
	if n.children == nil {
		n.children = make(map[string]*node)
	}
	child.parent = n
	n.children[child.name] = child
}
