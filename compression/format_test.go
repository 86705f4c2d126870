package compression_test

import (
	"testing"

	"github.com/imgtool/imgtool/compression"
)

func TestDetect(t *testing.T) {
	tests := []struct {
		name, head string
		want       compression.Format
	}{
		{"nothing", "", compression.None},
		{"one byte of gzip", "\x1f", compression.None},
		{"gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", compression.Gzip},
		{"gzip, two bytes", "\x1f\x8b", compression.Gzip},
		{"zstd", "\x28\xb5\x2f\xfd\x04\x00", compression.Zstd},
		{"zstd, lowest skippable frame", "\x50\x2a\x4d\x18\x00\x00\x00\x00", compression.Zstd},
		{"zstd, highest skippable frame", "\x5f\x2a\x4d\x18\x00\x00\x00\x00", compression.Zstd},
		{"next to skippable", "\x60\x2a\x4d\x18\x00\x00\x00\x00", compression.None},
		{"zstd before 0.8", "\x27\xb5\x2f\xfd\x04\x00", compression.None},
		{"xz", "\xfd7zXZ\x00\x00\x04", compression.Xz},
		{"xz, cut", "\xfd7zXZ", compression.None},
		{"bzip2", "BZh91AY&SY", compression.Bzip2},
		{"bzip2 of nothing", "BZh1\x17\x72\x45\x38\x50\x90", compression.Bzip2},
		{"bzip2, four bytes", "BZh9", compression.Bzip2},
		{"bzip2, no level", "BZh0", compression.None},
		{"tar of a file BZh9-notes", "BZh9-notes", compression.None},
		{"tar", "etc/passwd\x00", compression.None},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := compression.Detect([]byte(tt.head)); got != tt.want {
				t.Errorf("Detect(%q) = %v, want %v", tt.head, got, tt.want)
			}
		})
	}
}

func TestFormatString(t *testing.T) {
	for f, want := range map[compression.Format]string{
		compression.None: "none", compression.Gzip: "gzip", compression.Zstd: "zstd",
		compression.Xz: "xz", compression.Bzip2: "bzip2", -1: "unknown", 99: "unknown",
	} {
		if got := f.String(); got != want {
			t.Errorf("Format(%d).String() = %q, want %q", int(f), got, want)
		}
	}
}
