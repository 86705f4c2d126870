package command

import (
	"errors"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

func TestOncePerBlob(t *testing.T) {
	bad := errors.New("bad")
	asked := 0
	f := oncePerBlob(func(r image.Root) error {
		asked++
		if r.Digest == digest.FromString("bad") {
			return bad
		}
		return nil
	})
	good := image.Root{Descriptor: image.Descriptor{Digest: digest.FromString("good"), Size: 4}}
	wrong := image.Root{Descriptor: image.Descriptor{Digest: digest.FromString("bad"), Size: 3}}
	for range 2 {
		for _, name := range []image.Reference{"", "docker.io/library/a:1"} {
			if err := f(good.Named(name)); err != nil {
				t.Error(err)
			}
			if err := f(wrong.Named(name)); !errors.Is(err, bad) {
				t.Errorf("got %v, want the failure each time", err)
			}
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times for two blobs", asked)
	}
	other := good
	other.Size++ // another descriptor is another matter
	if _ = f(other); asked != 3 {
		t.Error("not asked for a descriptor with another size")
	}
}
