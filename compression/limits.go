package compression

import "errors"

// The defaults of [Limits] and the bound on a decoder's memory.
const (
	// DefaultBytes is the most a stream may expand to: 1 TiB.
	DefaultBytes int64 = 1 << 40
	// DefaultRatio is how many times larger than its input the output may
	// be. Layers of programs and data come to 2–5; deflate ends at 1,032.
	DefaultRatio int64 = 200
	// DefaultGrace is how much may come out before the ratio counts: 1 GiB,
	// so that a layer with a large file of zeros is no bomb.
	DefaultGrace int64 = 1 << 30
	// MaxWindow is the largest window of zstd and the largest dictionary of
	// xz that is read: 128 MiB, what "zstd --ultra -22 --long=27" needs and
	// twice what "xz -9" does.
	MaxWindow = 128 << 20
)

// ErrExpansion is the kind of error with which a stream ends that asks for
// more than its [Limits] or for a window beyond [MaxWindow].
var ErrExpansion = errors.New("expands beyond the limit")

// Limits bounds what one stream may expand to. A field that is zero means
// its default, a negative one no limit.
type Limits struct {
	Bytes int64 // Most bytes to come out. 0: DefaultBytes.
	Ratio int64 // Most bytes to come out for each byte read. 0: DefaultRatio.
	Grace int64 // Bytes that come out before Ratio counts. 0: DefaultGrace.
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = DefaultBytes
	}
	if l.Ratio == 0 {
		l.Ratio = DefaultRatio
	}
	if l.Grace == 0 {
		l.Grace = DefaultGrace
	}
	return l
}

// Allows reports whether out bytes may come from in bytes. [NewReader] asks it;
// others may for what is compressed in a way of its own, such as the holes of
// sparse files.
func (l Limits) Allows(out, in int64) bool {
	l = l.withDefaults()
	if l.Bytes >= 0 && out > l.Bytes {
		return false
	}
	if l.Ratio < 0 || out <= l.Grace {
		return true
	}
	return out/l.Ratio <= in
}
