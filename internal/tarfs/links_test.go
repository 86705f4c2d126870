package tarfs_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/tarfs"
)

func TestLinks(t *testing.T) {
	members := []member{
		file("dir/file", "text"),
		symlink("dir/beside", "file"),
		symlink("dir/up", "../dir/file"),
		symlink("absolute", "/dir/file"),
		symlink("directory", "./dir//"),
		symlink("through", "directory/up"),
		symlink("parent", "directory/../dir/file"),
		hardLink("hard", "./dir/file"),
		hardLink("hard absolute", "/dir/file"),
		hardLink("hard to link", "dir/beside"),
		symlink("self", "self"),
		hardLink("hard self", "hard self"),
		symlink("ping", "pong"), hardLink("pong", "ping"),
		symlink("out", "../etc/passwd"), symlink("dir/out", "../../etc/passwd"), symlink("absolute out", "/../dir/file"),
		hardLink("hard out", "dir/../../x"),
		symlink("nowhere", "gone"), hardLink("hard nowhere", "gone"), hardLink("hard directory", "dir"),
		symlink("below a file", "dir/file/x"),
		symlink("bytes", "\xff"),
		symlink("names", strings.Repeat("dir/../", tarfs.MaxLinkNames/2)+"dir/file"),
		symlink("dots", strings.Repeat("./", tarfs.MaxLinkNames)+"dir/file"),
	}
	f := open(t, archiveOf(t, members...))
	tests := []struct {
		name string
		want error
	}{
		{"dir/beside", nil},
		{"dir/up", nil},
		{"absolute", nil},
		{"directory/file", nil},
		{"directory/beside", nil},
		{"through", nil},
		{"parent", nil},
		{"hard", nil},
		{"hard absolute", nil},
		{"hard to link", nil},
		{"self", tarfs.ErrLinks},
		{"hard self", tarfs.ErrLinks},
		{"ping", tarfs.ErrLinks},
		{"pong", tarfs.ErrLinks},
		{"out", tarfs.ErrOutside},
		{"dir/out", tarfs.ErrOutside},
		{"absolute out", tarfs.ErrOutside},
		{"hard out", tarfs.ErrOutside},
		{"nowhere", fs.ErrNotExist},
		{"hard nowhere", fs.ErrNotExist},
		{"hard directory", fs.ErrNotExist},
		{"below a file", fs.ErrNotExist},
		{"dir/file/x", fs.ErrNotExist},
		{"hard/x", fs.ErrNotExist},
		{"bytes", fs.ErrNotExist},
		{"names", tarfs.ErrLinks},
		{"gone", fs.ErrNotExist},
		{"../dir/file", fs.ErrInvalid},
		{"/dir/file", fs.ErrInvalid},
		{"dir/", fs.ErrInvalid},
		{"", fs.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := f.ReadFile(tt.name)
			if !errors.Is(err, tt.want) {
				t.Fatalf("ReadFile: %v, want %v", err, tt.want)
			}
			_, errStat := f.Stat(tt.name)
			_, errOpen := f.Open(tt.name)
			if !errors.Is(errStat, tt.want) || !errors.Is(errOpen, tt.want) {
				t.Errorf("Stat: %v, Open: %v, want %v", errStat, errOpen, tt.want)
			}
			var pathErr *fs.PathError
			if err == nil && string(text) != "text" || err != nil && !errors.As(err, &pathErr) {
				t.Errorf("ReadFile: %q, %T", text, err)
			}
		})
	}
}

// TestManyLinks goes to the limit and one beyond it.
func TestManyLinks(t *testing.T) {
	members := []member{file("a", "text")}
	name := "a"
	for range tarfs.MaxLinks {
		members = append(members, symlink(name+"l", name))
		name += "l"
	}
	f := open(t, archiveOf(t, append(members, symlink("beyond", name))...))
	if _, err := f.ReadFile(name); err != nil {
		t.Errorf("%d links: %v", tarfs.MaxLinks, err)
	}
	if _, err := f.ReadFile("beyond"); !errors.Is(err, tarfs.ErrLinks) {
		t.Errorf("%d links: %v", tarfs.MaxLinks+1, err)
	}
}

func TestReadLink(t *testing.T) {
	f := open(t, archiveOf(t, file("a", ""), symlink("d/l", "../a"), hardLink("h", "d/l"), symlink("out", "../../x")))
	for name, want := range map[string]string{"d/l": "../a", "h": "../a", "out": "../../x"} {
		if got, err := f.ReadLink(name); got != want || err != nil {
			t.Errorf("ReadLink(%s): %q, %v", name, got, err)
		}
		if in, err := f.Lstat(name); err != nil || in.Mode().Type() != fs.ModeSymlink {
			t.Errorf("Lstat(%s): %v, %v", name, in, err)
		}
	}
	if _, err := f.ReadLink("a"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("ReadLink of a file: %v", err)
	}
}
