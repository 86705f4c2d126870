package tarscan_test

import (
	"bytes"
	"compress/bzip2"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// beyondLimits are archives of the fixtures that are in order but for a limit.
var beyondLimits = map[string]error{
	"vbatts_tar-split/pax-bad-hdr-large.tar.bz2": tarscan.ErrMetadata, // a PAX header of 1 MiB and a byte
}

// TestFixtures compares real archives with what an independent reader counted.
func TestFixtures(t *testing.T) {
	root := os.Getenv("IMGTOOL_FIXTURES")
	if root == "" {
		t.Skip("IMGTOOL_FIXTURES is not set")
	}
	var fixtures []struct{ Name, Class string }
	decode(t, filepath.Join(root, "fixtures.json"), &fixtures)
	seen := map[string]int{}
	for _, f := range fixtures {
		if f.Class != "tar" && f.Class != "tar-bad" {
			continue
		}
		seen[f.Class]++
		t.Run(f.Name, func(t *testing.T) {
			archive, err := expand(filepath.Join(root, f.Name))
			var got []*tarscan.Header
			if err == nil {
				got, err = scan(t, string(archive))
			}
			if limit := beyondLimits[f.Name]; limit != nil {
				if !errors.Is(err, limit) {
					t.Errorf("error %v, want %v", err, limit)
				}
				return
			}
			if f.Class == "tar-bad" {
				if err == nil || errors.Is(err, io.EOF) {
					t.Errorf("%d entries and no error", len(got))
				}
				return
			}
			if !errors.Is(err, io.EOF) {
				t.Fatalf("Next: %v", err)
			}
			var truth struct {
				Plain struct {
					Entries int `json:"entries_count"`
					Kinds   map[string]int
				}
			}
			decode(t, filepath.Join(root, "truth", strings.ReplaceAll(f.Name, "/", "__")+".json"), &truth)
			if len(got) != truth.Plain.Entries {
				t.Errorf("%d entries, want %d", len(got), truth.Plain.Entries)
			}
			if diff := cmp.Diff(truth.Plain.Kinds, kinds(got)); diff != "" {
				t.Errorf("kinds of entries (-want +got):\n%s", diff)
			}
		})
	}
	if seen["tar"] == 0 || seen["tar-bad"] == 0 {
		t.Errorf("fixtures by class: %v", seen)
	}
}

// kinds counts entries as the fixtures' truth does.
func kinds(all []*tarscan.Header) map[string]int {
	names := map[byte]string{'0': "file", '1': "hardlink", '2': "symlink", '3': "char", '4': "block", '5': "dir", '6': "fifo"}
	counts := map[string]int{}
	for _, h := range all {
		kind := names[h.Type]
		if kind == "" {
			kind = "type_" + string(rune(h.Type))
		}
		name := path.Base(strings.TrimRight(h.Name, "/"))
		switch {
		case name == ".wh..wh..opq":
			kind = "opaque"
		case strings.HasPrefix(name, ".wh..wh."):
			kind = "aufs_meta"
		case strings.HasPrefix(name, ".wh."):
			kind = "whiteout"
		}
		counts[kind]++
	}
	return counts
}

func decode(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("decode %s: %v", file, err)
	}
}

// expand reads a file in any compression.
func expand(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	in := bytes.NewReader(b)
	var r io.Reader = in
	switch {
	case bytes.HasPrefix(b, []byte("\x1f\x8b")):
		r, err = gzip.NewReader(in)
	case bytes.HasPrefix(b, []byte("BZh")):
		r = bzip2.NewReader(in)
	case bytes.HasPrefix(b, []byte("\xfd7zXZ")):
		r, err = xz.NewReader(in)
	case bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")), bytes.HasPrefix(b, []byte("\x50\x2a\x4d\x18")):
		r, err = zstd.NewReader(in)
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
