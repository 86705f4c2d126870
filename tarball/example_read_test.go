package tarball_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/tarball"
)

// An archive is indexed by its headers and then read where it lies.
func ExampleOpen() {
	f, err := os.Open("../testdata/archives/docker20.tar")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	in, err := f.Stat()
	if err != nil {
		log.Fatal(err)
	}
	fsys, err := tarfs.Open(f, in.Size())
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	a, err := tarball.Open(ctx, fsys, tarball.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	roots, err := a.Roots(ctx)
	if err != nil {
		log.Fatal(err)
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
