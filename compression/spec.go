package compression

import (
	"fmt"
	"strconv"
	"strings"
)

// The levels that are written where a [Spec] names none. Gzip's is the one
// behind pgzip's DefaultCompression, which most engines write: level 6 takes
// a fifth more time for 0.8 % less.
const (
	DefaultGzipLevel = 5
	DefaultZstdLevel = 3
)

// Spec says how to compress what is written.
type Spec struct {
	Format Format // None, Gzip or Zstd.
	Level  int    // 1 to 9 for Gzip, 1 to 22 for Zstd, 0 for the format's default.
}

const allowedSpecs = "none, gzip, gzip:1 to gzip:9, zstd, zstd:1 to zstd:22"

// maxLevel is the highest level of each format that is written.
var maxLevel = map[Format]int{None: 0, Gzip: 9, Zstd: 22}

// ParseSpec reads what [Spec.String] writes: "none", "gzip" or "zstd", the
// last two with an optional level, as in "gzip:9". xz and bzip2 are read
// but never written, since no engine takes them as layers.
func ParseSpec(s string) (Spec, error) {
	name, level, hasLevel := strings.Cut(s, ":")
	for f, n := range formatNames {
		if n != name {
			continue
		}
		spec := Spec{Format: Format(f)}
		if err := spec.check(); err != nil {
			return Spec{}, fmt.Errorf("parse compression %q: %w", s, err)
		}
		if !hasLevel {
			return spec, nil
		}
		l, err := strconv.Atoi(level)
		spec.Level = l
		if err != nil || l < 1 || spec.check() != nil || strconv.Itoa(l) != level {
			return Spec{}, fmt.Errorf("parse compression %q: no such level: use one of %s", s, allowedSpecs)
		}
		return spec, nil
	}
	return Spec{}, fmt.Errorf("parse compression %q: no such format: use one of %s", s, allowedSpecs)
}

// String returns the spec as [ParseSpec] reads it.
func (s Spec) String() string {
	if s.Level == 0 {
		return s.Format.String()
	}
	return s.Format.String() + ":" + strconv.Itoa(s.Level)
}

// check tells whether the spec can be written.
func (s Spec) check() error {
	highest, ok := maxLevel[s.Format]
	if !ok {
		return fmt.Errorf("%s is read but not written: use one of %s", s.Format, allowedSpecs)
	}
	if s.Level < 0 || s.Level > highest {
		return fmt.Errorf("%s has no level %d: use one of %s", s.Format, s.Level, allowedSpecs)
	}
	return nil
}
