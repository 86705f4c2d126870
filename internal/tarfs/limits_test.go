package tarfs_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/internal/tarscan"
)

// repeated is an archive of one member again and again.
type repeated struct {
	member string
	size   int64
}

func (r repeated) ReadAt(p []byte, off int64) (int, error) {
	var end error
	if int64(len(p)) > r.size-off {
		p, end = p[:r.size-off], io.EOF
	}
	for n := 0; n < len(p); {
		n += copy(p[n:], r.member[(off+int64(n))%int64(len(r.member)):])
	}
	return len(p), end
}

func TestMaxMembers(t *testing.T) {
	member := archiveOf(t, file("a", ""))[:512]
	_, err := tarfs.Open(repeated{member, (tarfs.MaxMembers + 1) * 512}, (tarfs.MaxMembers+1)*512)
	if !errors.Is(err, tarfs.ErrMembers) || !errors.Is(err, tarscan.ErrFormat) {
		t.Errorf("Open: %v", err)
	}
}

func TestMaxImpliedDirs(t *testing.T) {
	deep := strings.Repeat("d/", tarfs.MaxImpliedDirs/10)
	var members []member
	for i := range 10 {
		members = append(members, file(fmt.Sprintf("%d/%sf", i, deep[2:]), ""))
	}
	archive := archiveOf(t, members...)
	open(t, archive)
	archive = archiveOf(t, append(members, file("one/more", ""))...)
	_, err := tarfs.Open(strings.NewReader(archive), int64(len(archive)))
	if !errors.Is(err, tarfs.ErrImpliedDirs) || !errors.Is(err, tarscan.ErrFormat) {
		t.Errorf("Open: %v", err)
	}
}

// BenchmarkMembers measures what a member takes: divide by 10,000.
func BenchmarkMembers(b *testing.B) {
	var all []member
	for i := range 10_000 {
		all = append(all, file(fmt.Sprintf("usr/share/doc/package-%d/file-%d", i/10, i), ""))
	}
	archive := archiveOf(b, all...)
	b.ReportAllocs()
	for b.Loop() {
		open(b, archive)
	}
}
