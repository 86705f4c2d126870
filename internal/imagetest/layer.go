package imagetest

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
	"time"
)

// Layer returns an uncompressed layer with these entries, given as pairs of name and content in their order. A name
// that ends in "/" is a directory, whatever its content; content that begins with "-> " makes a symbolic link, "=> " a
// hard link. The same pairs give the same bytes.
func Layer(t testing.TB, pairs ...string) []byte {
	t.Helper()
	if len(pairs)%2 != 0 {
		t.Fatal("Layer: a name without content")
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for i := 0; i < len(pairs); i += 2 {
		hdr, content := header(pairs[i], pairs[i+1])
		if err := w.WriteHeader(hdr); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func header(name, content string) (hdr *tar.Header, data string) {
	hdr = &tar.Header{Name: name, Mode: 0o644, Typeflag: tar.TypeReg, ModTime: time.Unix(1e9, 0), Format: tar.FormatPAX}
	if strings.HasSuffix(name, "/") {
		hdr.Typeflag, hdr.Mode = tar.TypeDir, 0o755
		return hdr, ""
	}
	if target, ok := strings.CutPrefix(content, "-> "); ok {
		hdr.Typeflag, hdr.Linkname, hdr.Mode = tar.TypeSymlink, target, 0o777
		return hdr, ""
	}
	if target, ok := strings.CutPrefix(content, "=> "); ok {
		hdr.Typeflag, hdr.Linkname = tar.TypeLink, target
		return hdr, ""
	}
	hdr.Size = int64(len(content))
	return hdr, content
}
