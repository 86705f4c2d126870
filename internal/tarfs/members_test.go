package tarfs

import (
	"errors"
	"testing"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// TestMaxMembers begins near the limit: a million members take a while.
func TestMaxMembers(t *testing.T) {
	f := &FS{root: &node{name: ".", dir: true}, members: MaxMembers - 1}
	h := &tarscan.Header{Name: "a", Type: tarscan.TypeReg}
	if err := f.add(h, nil); err != nil {
		t.Errorf("member %d: %v", MaxMembers, err)
	}
	if err := f.add(h, nil); !errors.Is(err, ErrMembers) || !errors.Is(err, tarscan.ErrFormat) {
		t.Errorf("member %d: %v", MaxMembers+1, err)
	}
}
