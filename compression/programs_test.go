package compression_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/compression"
)

// pipe runs a program, or skips where it is not installed.
func pipe(t *testing.T, in []byte, command string) []byte {
	t.Helper()
	args := strings.Fields(command)
	path, err := exec.LookPath(args[0])
	if err != nil {
		t.Skipf("%s is not installed", args[0])
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return out
}

// Streams of the programs that people compress with, once and twice over.
func TestReadPrograms(t *testing.T) {
	p := corpus(700_007)
	for command, want := range map[string]compression.Format{
		"gzip -c":                       compression.Gzip,
		"gzip -9 -c":                    compression.Gzip,
		"pigz -c -b 128":                compression.Gzip,
		"pigz -i -p 2 -c":               compression.Gzip,
		"zstd -c":                       compression.Zstd,
		"zstd --ultra -22 --long=27 -c": compression.Zstd,
		"zstd -T2 --no-check -c":        compression.Zstd,
		"pzstd -c":                      compression.Zstd,
		"xz -c":                         compression.Xz,
		"xz -9e -c":                     compression.Xz,
		"xz -T2 --block-size=300KiB -c": compression.Xz,
		"xz -C none -c":                 compression.Xz,
		"xz -C sha256 -c":               compression.Xz,
		"bzip2 -c":                      compression.Bzip2,
		"pbzip2 -c":                     compression.Bzip2,
	} {
		t.Run(command, func(t *testing.T) {
			packed := pipe(t, p, command)
			rc, f, err := compression.Open(bytes.NewReader(packed), compression.Limits{})
			if err != nil || f != want {
				t.Fatalf("Open: %v, %v; want %v", f, err, want)
			}
			rc.Close()
			got, err := read(join(packed, packed), want, compression.Limits{})
			if err != nil || !bytes.Equal(got, join(p, p)) {
				t.Errorf("%d bytes came out of two streams, %v", len(got), err)
			}
		})
	}
}

// The programs read what is written here.
func TestProgramsRead(t *testing.T) {
	p := corpus(1200 << 10)
	for spec, command := range map[string]string{
		"gzip": "gzip -dc", "gzip:9": "pigz -dc", "zstd": "zstd -dc", "zstd:19": "zstd -dc",
	} {
		t.Run(spec, func(t *testing.T) {
			s, err := compression.ParseSpec(spec)
			if err != nil {
				t.Fatal(err)
			}
			if got := pipe(t, writeIn(t, p, s, 1<<16), command); !bytes.Equal(got, p) {
				t.Errorf("%s read %d other bytes", command, len(got))
			}
		})
	}
}
