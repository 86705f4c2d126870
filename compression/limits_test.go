package compression_test

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"github.com/imgtool/imgtool/compression"
)

func TestLimits(t *testing.T) {
	zeros := make([]byte, 4<<20)
	text := corpus(1 << 20)
	tests := []struct {
		name  string
		plain []byte
		lim   compression.Limits
		ok    bool
	}{
		{"defaults", zeros, compression.Limits{}, true},
		{"bytes, exactly", text, compression.Limits{Bytes: 1 << 20}, true},
		{"bytes, one less", text, compression.Limits{Bytes: 1<<20 - 1}, false},
		{"ratio", zeros, compression.Limits{Ratio: 20, Grace: 1 << 20}, false},
		{"ratio within the grace", zeros, compression.Limits{Ratio: 20, Grace: 4 << 20}, true},
		{"ratio of an honest stream", text, compression.Limits{Ratio: 20, Grace: 1}, true},
		{"no limit of ratio", zeros, compression.Limits{Ratio: -1, Grace: 1}, true},
		{"no grace", zeros, compression.Limits{Ratio: 20, Grace: -1}, false},
		{"no limit of bytes", zeros, compression.Limits{Bytes: -1}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for f, packed := range map[compression.Format][]byte{
				compression.Gzip: toGzip(t, tt.plain), compression.Zstd: toZstd(t, tt.plain),
			} {
				got, err := read(packed, f, tt.lim)
				if tt.ok && (err != nil || !bytes.Equal(got, tt.plain)) {
					t.Errorf("%v: %d bytes, %v", f, len(got), err)
				}
				if !tt.ok && !errors.Is(err, compression.ErrExpansion) {
					t.Errorf("%v: error %v, want ErrExpansion", f, err)
				}
				if tt.lim.Bytes > 0 && int64(len(got)) > tt.lim.Bytes {
					t.Errorf("%v: %d bytes came out of %d", f, len(got), tt.lim.Bytes)
				}
			}
		})
	}
}

// None passes through, whatever the limits.
func TestLimitsNone(t *testing.T) {
	p := corpus(1000)
	got, err := read(p, compression.None, compression.Limits{Bytes: 1, Ratio: 1, Grace: 1})
	if err != nil || !bytes.Equal(got, p) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// zstdWindow is a frame of one byte that asks for a window of 2^log bytes.
func zstdWindow(log byte) []byte {
	return []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3, 0x09, 0, 0, 'x'}
}

func TestWindows(t *testing.T) {
	tests := []struct {
		name string
		f    compression.Format
		in   []byte
		ok   bool
	}{
		{"zstd, 128 MiB", compression.Zstd, zstdWindow(27), true},
		{"zstd, 256 MiB", compression.Zstd, zstdWindow(28), false},
		{"zstd, the largest", compression.Zstd, zstdWindow(41), false},
		{"xz, 128 MiB", compression.Xz, xzDict(t, 30), true},
		{"xz, 192 MiB", compression.Xz, xzDict(t, 31), false},
		{"xz, 4 GiB", compression.Xz, xzDict(t, 40), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := read(tt.in, tt.f, compression.Limits{})
			runtime.ReadMemStats(&after)
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, compression.ErrExpansion) {
				t.Errorf("error %v, want none: %v", err, tt.ok)
			}
			if n := after.TotalAlloc - before.TotalAlloc; !tt.ok && n > 1<<20 {
				t.Errorf("%d bytes were allocated before the refusal", n)
			}
		})
	}
}
