package image_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/layout"
	"github.com/imgtool/imgtool/tarball"
)

// open opens one of the archives that this module is tested with. Examples leave it to the end of the process to close it.
func open(ctx context.Context, name string) (*tarball.Archive, error) {
	raw, err := os.ReadFile("../testdata/archives/" + name)
	if err != nil {
		return nil, err
	}
	fsys, err := tarfs.Open(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	return tarball.Open(ctx, fsys, tarball.Options{})
}

// What is in an archive, and is all of it there?
func ExampleWalk() {
	ctx := context.Background()
	archive, err := open(ctx, "docker29-sparse.tar")
	if err != nil {
		log.Fatal(err)
	}
	roots, err := archive.Roots(ctx)
	if err != nil {
		log.Fatal(err)
	}
	graph, err := image.Walk(ctx, archive, roots)
	if err != nil {
		log.Fatal(err)
	}
	for i, top := range graph.Tops {
		fmt.Println(graph.Roots[i].Name.Familiar())
		for _, n := range image.Images(top) {
			p, _ := n.Platform()
			fmt.Println(" ", image.FormatPlatform(p), len(n.Manifest.Layers), "layers")
		}
	}
	absent, err := graph.Require()
	fmt.Println(absent, "absent,", err)
	// Output:
	// imgtool.example/hello:multi
	//   linux/amd64 8 layers
	// 1 absent, <nil>
}

// From an archive to an OCI layout.
func ExampleCopy() {
	ctx := context.Background()
	archive, err := open(ctx, "docker20.tar")
	if err != nil {
		log.Fatal(err)
	}
	txn, err := layout.OpenDir(filepath.Join(os.TempDir(), "imgtool-example"), layout.DirOptions{}).Begin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	roots, err := archive.Roots(ctx)
	if err != nil {
		log.Fatal(err)
	}
	graph, err := image.Walk(ctx, archive, roots)
	if err != nil {
		log.Fatal(err)
	}
	if err := image.Copy(ctx, txn, archive, graph, image.CopyOptions{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(graph.Blobs()), "blobs")
	if err := txn.Close(); err != nil { // or txn.Commit(ctx, roots), and they are there
		log.Fatal(err)
	}
	// Output: 8 blobs
}

func ExampleParseReference() {
	name, err := image.ParseReference("nginx")
	fmt.Println(name, name.Familiar(), name.Repository(), name.Tag(), err)
	// Output: docker.io/library/nginx:latest nginx:latest nginx latest <nil>
}

func ExampleSelect() {
	ctx := context.Background()
	archive, err := open(ctx, "docker20-multi.tar")
	if err != nil {
		log.Fatal(err)
	}
	roots, err := archive.Roots(ctx)
	if err != nil {
		log.Fatal(err)
	}
	graph, err := image.Walk(ctx, archive, roots)
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{"hello", "37bb", "@2"} {
		hits, err := image.Select(graph, text, image.Host())
		if err != nil {
			log.Fatal(err)
		}
		for _, r := range hits {
			fmt.Println(text, "is", r.Label())
		}
	}
	// Output:
	// hello is hello:latest
	// 37bb is imgtool.example/hello:1.0
	// 37bb is hello:latest
	// @2 is imgtool.example/tool:2.0
}
