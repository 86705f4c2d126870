package store_test

import (
	"path/filepath"
	"testing"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/store"
)

func TestStore(t *testing.T) {
	imagetest.TestStore(t, func(t *testing.T) imagetest.Place {
		s := newStore(t)
		return imagetest.Place{
			Sink: s.Sink(store.BeginOptions{}),
			Read: func(*testing.T) image.Source { return s },
		}
	})
}

func newStore(t *testing.T) *store.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "store"))
}

func open(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir, store.Options{
		Host: imagetest.Platform, Warn: func(text string) { t.Errorf("warning: %s", text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
