package tarscan

import (
	"errors"
	"fmt"
)

// The limits hold whatever an archive says about itself, so that its scan takes
// memory in proportion to its length, and a small piece of it at a time.
const (
	// MaxMetadata is the longest PAX header or GNU long name in bytes, as in
	// archive/tar.
	MaxMetadata = 1 << 20

	// MaxMetadataHeaders is how many PAX, GNU and volume headers may stand
	// before one entry. Archives have up to five.
	MaxMetadataHeaders = 128

	// MaxGlobalRecords is how many records all global PAX headers together may
	// set. Archives have one or two; each entry shares or copies them.
	MaxGlobalRecords = 64

	// MaxNameLength is the longest name and the longest link target in bytes,
	// sixteen times what Linux takes.
	MaxNameLength = 1 << 16

	// MaxSize is the largest size of an entry in bytes, stored or logical.
	MaxSize = 1 << 50

	// MaxSparseExtents is how many extents a sparse file may have.
	MaxSparseExtents = 1 << 20
)

// ErrFormat is wrapped by every error that says that the archive is damaged,
// incomplete, or beyond a limit. Errors of the reader underneath do not wrap it.
var ErrFormat = errors.New("invalid tar archive")

// Each limit has its error. All of them wrap ErrFormat.
var (
	ErrMetadata        = fmt.Errorf("%w: metadata header is longer than %d bytes", ErrFormat, MaxMetadata)
	ErrMetadataHeaders = fmt.Errorf("%w: more than %d metadata headers before an entry", ErrFormat, MaxMetadataHeaders)
	ErrGlobalRecords   = fmt.Errorf("%w: more than %d global PAX records", ErrFormat, MaxGlobalRecords)
	ErrNameLength      = fmt.Errorf("%w: name is longer than %d bytes", ErrFormat, MaxNameLength)
	ErrSize            = fmt.Errorf("%w: size is negative or beyond %d bytes", ErrFormat, int64(MaxSize))
	ErrSparseExtents   = fmt.Errorf("%w: more than %d extents in a sparse file", ErrFormat, MaxSparseExtents)
)

// malformed returns an error that wraps ErrFormat and says what is wrong.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, args...))
}
