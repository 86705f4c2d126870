package tarball_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/tarball"
)

// An archive is indexed by its headers and then read where it lies. A program hands over the open file instead.
func ExampleOpen() {
	raw, err := os.ReadFile("../testdata/archives/docker20.tar")
	if err != nil {
		fmt.Println(err)
		return
	}
	fsys, err := tarfs.Open(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	a, err := tarball.Open(ctx, fsys, tarball.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Close()
	roots, err := a.Roots(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Generation())
	for _, r := range roots {
		fmt.Println(r.Name.Familiar())
	}
	// Output:
	// docker archive
	// imgtool.example/hello:1.0
	// hello:latest
}
