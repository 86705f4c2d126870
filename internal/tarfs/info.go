package tarfs

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// info is the fs.FileInfo of a name. Its Sys is the *tarscan.Header of the
// member, nil for a directory that the archive leaves out.
type info struct {
	name string
	node *node
}

func baseName(name string) string { return path.Base(name) }

func (i info) Name() string { return i.name }
func (i info) IsDir() bool  { return i.node.dir }

func (i info) Size() int64 {
	if i.node.header == nil {
		return 0
	}
	return i.node.header.Size
}

func (i info) ModTime() time.Time {
	if i.node.header == nil {
		return time.Time{}
	}
	return i.node.header.ModTime
}

func (i info) Sys() any {
	if i.node.header == nil {
		return nil
	}
	return i.node.header
}

func (i info) String() string { return fs.FormatFileInfo(i) }

func (i info) Mode() fs.FileMode {
	if i.node.header == nil {
		return fs.ModeDir | 0o755
	}
	written := i.node.header.Mode
	mode := fs.FileMode(written&0o777) | typeMode(i.node.kind())
	for _, bit := range [...]struct {
		written int64
		mode    fs.FileMode
	}{
		{0o4000, fs.ModeSetuid},
		{0o2000, fs.ModeSetgid},
		{0o1000, fs.ModeSticky},
	} {
		if written&bit.written != 0 {
			mode |= bit.mode
		}
	}
	return mode
}

func typeMode(kind byte) fs.FileMode {
	switch kind {
	case tarscan.TypeReg:
		return 0
	case tarscan.TypeDir:
		return fs.ModeDir
	case tarscan.TypeSymlink:
		return fs.ModeSymlink
	case tarscan.TypeFifo:
		return fs.ModeNamedPipe
	case tarscan.TypeChar:
		return fs.ModeDevice | fs.ModeCharDevice
	case tarscan.TypeBlock:
		return fs.ModeDevice
	}
	return fs.ModeIrregular // hard links to nothing too
}

// entries returns what a directory lists, by name. A hard link is listed as what
// it links to if there is such a thing.
func (f *FS) entries(n *node) []fs.DirEntry {
	list := make([]fs.DirEntry, 0, len(n.children))
	for name, child := range n.children {
		if child.kind() == tarscan.TypeLink {
			if target, err := f.walker().step(n, name, false); err == nil {
				child = target
			}
		}
		list = append(list, fs.FileInfoToDirEntry(info{name: name, node: child}))
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list
}
