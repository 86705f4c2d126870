package tarfs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/internal/tarscan"
)

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
