package layer

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
)

// says returns the compression that a layer's media type speaks of, in the words of package compression.
func says(mediaType string) string {
	_, suffix, ok := strings.Cut(mediaType, "tar+") // OCI's
	if !ok {
		_, suffix, ok = strings.Cut(mediaType, "tar.") // Docker's
	}
	if !ok {
		return compression.None.String()
	}
	return suffix
}

// fitsMediaType returns an error that matches [image.ErrDamaged] if a layer is compressed in another way than its media
// type says. Readers that go by the media type cannot read it, though all others can.
func fitsMediaType(ctx context.Context, src image.Source, l image.Layer) error {
	blob, err := src.Open(ctx, l.Descriptor)
	if err != nil {
		return nil // whoever reads the whole blob tells
	}
	defer blob.Close()
	head := make([]byte, compression.HeadSize)
	n, err := blob.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil // as above
	}
	if have, want := Format(head[:n], l).String(), says(l.MediaType); have != want {
		return image.Damagef("blob %s: its compression is %s, its media type %s says %s", l.Digest, have, l.MediaType, want)
	}
	return nil
}
