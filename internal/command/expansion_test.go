package command

import (
	"errors"
	"testing"

	"github.com/imgtool/imgtool/compression"
)

func TestExpansionFlag(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want compression.Limits
	}{
		{"20GiB", compression.Limits{Bytes: 20 << 30, Ratio: -1}},
		{"20g", compression.Limits{Bytes: 20 << 30, Ratio: -1}},
		{"1048576:50", compression.Limits{Bytes: 1 << 20, Ratio: 50}},
	} {
		var e expansion
		if err := e.Set(tt.in); err != nil || e.limits != tt.want {
			t.Errorf("%s: got %+v, %v", tt.in, e.limits, err)
		}
	}
	for _, in := range []string{"", "0", "-1", "x", "1GiB:", "1GiB:0", "1GiB:-1", "1GiB:x", ":5"} {
		var e expansion
		if err := e.Set(in); err == nil {
			t.Errorf("%q: taken as %+v", in, e.limits)
		}
	}
}

func TestCheckSparse(t *testing.T) {
	for _, tt := range []struct {
		name            string
		logical, stored int64
		limits          compression.Limits
		refused         bool
	}{
		{"nothing sparse", 0, 0, compression.Limits{}, false},
		{"a hole of a GiB", 1 << 30, 0, compression.Limits{}, false},
		{"a hole of more", 1<<30 + 1, 0, compression.Limits{}, true},
		{"large data with holes", 1 << 34, 1 << 33, compression.Limits{}, false},
		{"as large as was allowed", 1 << 40, 0, compression.Limits{Bytes: 1 << 40, Ratio: -1}, false},
		{"larger than was allowed", 1<<20 + 1, 1, compression.Limits{Bytes: 1 << 20, Ratio: -1}, true},
	} {
		err := checkSparse(tt.logical, tt.stored, tt.limits)
		if (err != nil) != tt.refused || err != nil && !errors.Is(err, compression.ErrExpansion) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
