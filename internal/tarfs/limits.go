package tarfs

import "errors"

const (
	// MaxMembers is how many members an archive may have, and how many names
	// its tree, directories that it leaves out included.
	MaxMembers = 1_000_000

	// MaxLinks is how many links are followed on the way to one file.
	MaxLinks = 16

	// MaxLinkNames is how many names the targets of these links may have in all,
	// so that a listing of many hard links takes no more than its time.
	MaxLinkNames = 1024

	// MaxReadFile is the size in bytes up to which ReadFile reads a file.
	MaxReadFile = 64 << 20
)

var (
	// ErrMembers says that an archive has more than MaxMembers.
	ErrMembers = errors.New("too many members in archive")

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
