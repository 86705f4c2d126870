package tarfs_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"

	"github.com/imgtool/imgtool/internal/tarfs"
)

func ExampleOpen() {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: "./oci-layout", Mode: 0o644, Size: 2}); err != nil {
		fmt.Println(err)
	}
	fmt.Fprint(w, "{}")
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}

	tree, err := tarfs.Open(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := fs.ReadFile(tree, "oci-layout")
	fmt.Printf("%s %v\n", text, err)
	// Output: {} <nil>
}
