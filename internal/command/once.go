package command

import (
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// oncePerBlob returns a function that asks f once of each blob, however many names it has.
func oncePerBlob(f func(image.Root) error) func(image.Root) error {
	type blob struct {
		digest    digest.Digest
		size      int64
		mediaType string
	}
	known := map[blob]error{}
	return func(r image.Root) error {
		b := blob{r.Digest, r.Size, r.MediaType}
		err, ok := known[b]
		if !ok {
			err = f(r)
			known[b] = err
		}
		return err
	}
}
