package compression

import "bytes"

// Format is a compression format.
type Format int

// The formats. All of them are read; gzip and zstd are also written.
const (
	None Format = iota
	Gzip
	Zstd
	Xz
	Bzip2
)

var formatNames = [...]string{None: "none", Gzip: "gzip", Zstd: "zstd", Xz: "xz", Bzip2: "bzip2"}

// String returns the format's name: "none", "gzip", "zstd", "xz" or "bzip2".
func (f Format) String() string {
	if f < 0 || int(f) >= len(formatNames) {
		return "unknown"
	}
	return formatNames[f]
}

// HeadSize is the number of bytes [Detect] wants to see. With fewer it
// judges by what is there.
const HeadSize = 10

// Detect tells the format of a stream by its first bytes: the magic of gzip
// (RFC 1952), of a zstd frame or a zstd skippable frame (RFC 8878), of xz, or
// of bzip2 with its level digit and, if head reaches that far, the magic of
// its first block or of its end. Anything else is [None].
func Detect(head []byte) Format {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return Gzip
	case isZstd(head):
		return Zstd
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return Xz
	case isBzip2(head):
		return Bzip2
	}
	return None
}

func isZstd(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")) {
		return true
	}
	// The low four bits of a skippable frame's magic are free.
	return len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte("\x2a\x4d\x18"))
}

// isBzip2 asks for more than "BZh" and a digit where it can: these four are
// printable, so a plain tar may begin with them in the name of its first
// entry.
func isBzip2(head []byte) bool {
	if len(head) < 4 || string(head[:3]) != "BZh" || head[3] < '1' || head[3] > '9' {
		return false
	}
	if len(head) < HeadSize {
		return true
	}
	block := string(head[4:HeadSize])
	return block == "1AY&SY" || block == "\x17\x72\x45\x38\x50\x90"
}
