package tarfs

import (
	"errors"
	"fmt"

	"github.com/imgtool/imgtool/internal/tarscan"
)

const (
	// MaxMembers is how many members an archive may have. Each takes some 400
	// bytes of memory.
	MaxMembers = 1_000_000

	// MaxImpliedDirs is how many directories an archive may leave out: a long
	// name can imply thousands.
	MaxImpliedDirs = 100_000

	// MaxLinks is how many links are followed on the way to one file.
	MaxLinks = 16

	// MaxLinkNames is how many names the targets of these links may have in all,
	// so that a listing of many hard links takes no more than its time.
	MaxLinkNames = 1024

	// MaxReadFile is the size in bytes up to which ReadFile reads a file.
	MaxReadFile = 64 << 20
)

var (
	// ErrMembers says that an archive has more than MaxMembers. It wraps
	// tarscan.ErrFormat.
	ErrMembers = fmt.Errorf("%w: more than %d members", tarscan.ErrFormat, MaxMembers)

	// ErrImpliedDirs says that an archive leaves out more than MaxImpliedDirs.
	// It wraps tarscan.ErrFormat.
	ErrImpliedDirs = fmt.Errorf("%w: more than %d directories left out", tarscan.ErrFormat, MaxImpliedDirs)

	// ErrLinks says that a name leads through more than MaxLinks links, which
	// may go in circles, or through more than MaxLinkNames names in them.
	ErrLinks = errors.New("too many links")

	// ErrOutside says that a link leads out of the archive.
	ErrOutside = errors.New("link leads out of the archive")

	// ErrTooLarge says that a file is larger than MaxReadFile.
	ErrTooLarge = errors.New("file is too large to be read at once")

	// ErrNoContent says that a file's data are not there to be read: it is a
	// device, a fifo, of an unknown type, or Read was told not to keep it.
	ErrNoContent = errors.New("no content")
)
