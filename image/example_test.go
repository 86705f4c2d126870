package image_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/layout"
	"github.com/imgtool/imgtool/tarball"
)

// open opens one of the archives that this module is tested with.
func open(ctx context.Context, name string) (*tarball.Archive, func(), error) {
	f, err := os.Open("../testdata/archives/" + name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	fsys, err := tarfs.Open(f, info.Size())
	if err != nil {
		return nil, nil, err
	}
	archive, err := tarball.Open(ctx, fsys, tarball.Options{})
	return archive, func() { f.Close() }, err
}

// What is in an archive, and is all of it there?
func ExampleWalk() {
	ctx := context.Background()
	archive, done, err := open(ctx, "docker29-sparse.tar")
	if err != nil {
		log.Fatal(err)
	}
	defer done()
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
	archive, done, err := open(ctx, "docker20.tar")
	if err != nil {
		log.Fatal(err)
	}
	defer done()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	txn, err := layout.OpenDir(dir, layout.DirOptions{}).Begin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer txn.Close()
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
	if err := txn.Commit(ctx, roots); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(graph.Blobs()), "blobs")
	// Output: 8 blobs
}

func ExampleParseReference() {
	name, err := image.ParseReference("nginx")
	fmt.Println(name, name.Familiar(), name.Repository(), name.Tag(), err)
	// Output: docker.io/library/nginx:latest nginx:latest nginx latest <nil>
}

func ExampleSelect() {
	ctx := context.Background()
	archive, done, err := open(ctx, "docker20-multi.tar")
	if err != nil {
		log.Fatal(err)
	}
	defer done()
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
