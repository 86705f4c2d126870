package compression_test

import (
	"strings"
	"testing"

	"github.com/imgtool/imgtool/compression"
)

func TestParseSpec(t *testing.T) {
	tests := []struct {
		in   string
		want compression.Spec
		err  string // A part of the message.
	}{
		{"none", compression.Spec{}, ""},
		{"gzip", compression.Spec{Format: compression.Gzip}, ""},
		{"gzip:1", compression.Spec{Format: compression.Gzip, Level: 1}, ""},
		{"gzip:9", compression.Spec{Format: compression.Gzip, Level: 9}, ""},
		{"zstd", compression.Spec{Format: compression.Zstd}, ""},
		{"zstd:22", compression.Spec{Format: compression.Zstd, Level: 22}, ""},
		{"", compression.Spec{}, `parse compression "": no such format`},
		{"GZIP", compression.Spec{}, "no such format"},
		{"lz4", compression.Spec{}, "use one of none, gzip, gzip:1 to gzip:9, zstd, zstd:1 to zstd:22"},
		{"xz", compression.Spec{}, "xz is read but not written"},
		{"bzip2:9", compression.Spec{}, "bzip2 is read but not written"},
		{"none:1", compression.Spec{}, "no such level"},
		{"gzip:0", compression.Spec{}, "no such level"},
		{"gzip:10", compression.Spec{}, "no such level"},
		{"gzip:-1", compression.Spec{}, "no such level"},
		{"gzip:", compression.Spec{}, "no such level"},
		{"gzip:+5", compression.Spec{}, "no such level"},
		{"gzip:05", compression.Spec{}, "no such level"},
		{"gzip:5:6", compression.Spec{}, "no such level"},
		{"zstd:23", compression.Spec{}, "no such level"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := compression.ParseSpec(tt.in)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
			if got.String() != tt.in {
				t.Errorf("String() = %q, want %q", got, tt.in)
			}
		})
	}
}
