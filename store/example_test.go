package store_test

import (
	"context"
	"fmt"
	"os"

	"github.com/imgtool/imgtool/layout"
	"github.com/imgtool/imgtool/store"
)

// Load all images of an OCI layout, and list what the store has then.
func Example() {
	if err := loadLayout(context.Background(), "image", "store"); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func loadLayout(ctx context.Context, dir, storeDir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	src, err := layout.Open(root.FS(), layout.Options{})
	if err != nil {
		return err
	}
	s, err := store.Open(storeDir, store.Options{})
	if err != nil {
		return err
	}
	if err := load(s, src); err != nil { // Walk, Begin, Copy, Commit
		return err
	}
	usage, err := s.Usage(ctx)
	if err != nil {
		return err
	}
	for _, u := range usage.Images {
		fmt.Println(u.Root.Label(), u.ID, u.Bytes)
	}
	return nil
}
