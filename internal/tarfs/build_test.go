package tarfs_test

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/imgtool/imgtool/internal/tarfs"
)

// member is one of a test's archive: a file with text, unless kind says other.
type member struct {
	name string
	text string
	kind byte
	link string
}

func dirMember(name string) member { return member{name: name, kind: tar.TypeDir} }

func symlink(name, target string) member {
	return member{name: name, kind: tar.TypeSymlink, link: target}
}

func hardLink(name, target string) member {
	return member{name: name, kind: tar.TypeLink, link: target}
}

func file(name, text string) member         { return member{name: name, text: text} }
func special(name string, kind byte) member { return member{name: name, kind: kind} }

func archiveOf(t testing.TB, all ...member) string {
	t.Helper()
	var b strings.Builder
	w := tar.NewWriter(&b)
	for _, m := range all {
		h := &tar.Header{
			Name: m.name, Typeflag: m.kind, Linkname: m.link, Size: int64(len(m.text)),
			Mode: 0o640, ModTime: time.Unix(1_000_000_000, 0),
		}
		if m.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func open(t testing.TB, archive string) *tarfs.FS {
	t.Helper()
	f, err := tarfs.Open(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return f
}

// kept is Content in memory.
type kept string

func (k kept) Open() (tarfs.File, error) { return keptFile{strings.NewReader(string(k))}, nil }

type keptFile struct{ *strings.Reader }

func (keptFile) Close() error { return nil }

// sparseArchive has one file f of 12 bytes, "\0\0abc\0\0\0de\0\0".
func sparseArchive() string {
	b := make([]byte, 1024, 2048)
	copy(b, "f")
	copy(b[100:], "0000640\x000000000\x000000000\x0000000000005\x0000000000000\x00        S")
	copy(b[257:], "ustar  \x00")
	copy(b[386:], "00000000002\x0000000000003\x0000000000010\x0000000000002\x00")
	copy(b[483:], "00000000014\x00")
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:], []byte{'0' + byte(sum>>15&7), '0' + byte(sum>>12&7), '0' + byte(sum>>9&7), '0' + byte(sum>>6&7), '0' + byte(sum>>3&7), '0' + byte(sum&7), 0, ' '})
	copy(b[512:], "abcde")
	return string(b) + string(bytes.Repeat([]byte{0}, 1024))
}

const sparseText = "\x00\x00abc\x00\x00\x00de\x00\x00"
