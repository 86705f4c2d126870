package compression_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/imgtool/imgtool/compression"
)

func TestZstdFrames(t *testing.T) {
	a, b := toZstd(t, []byte("abc")), toZstd(t, []byte("def"))
	badSum := bytes.Clone(a)
	badSum[len(badSum)-1]++
	whole, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	single := whole.EncodeAll([]byte("ghi"), nil)
	tests := []struct {
		name string
		in   []byte
		want string
		ok   bool
	}{
		{"one", a, "abc", true},
		{"several", join(a, b, single), "abcdefghi", true},
		{"skippable before", join(skippable("note"), a), "abc", true},
		{"skippable between", join(a, skippable("note"), skippable(""), b), "abcdef", true},
		{"skippable behind", join(a, skippable("note")), "abc", true},
		{"skippable alone", skippable("note"), "", true},
		{"skippable, cut", join(a, skippable("note")[:10]), "abc", false},
		{"wrong checksum", badSum, "abc", false},
		{"nothing", nil, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(tt.in, compression.Zstd, compression.Limits{})
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, compression.ErrCorrupt) {
				t.Errorf("error %v, want none: %v", err, tt.ok)
			}
			if tt.ok && string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
