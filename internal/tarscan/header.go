package tarscan

import "time"

// The types of entries that Header.Type can be. Other values are types that the
// scanner does not know; they carry data as regular files do.
const (
	TypeReg     byte = '0'
	TypeLink    byte = '1' // hard link; Linkname is a name in the archive
	TypeSymlink byte = '2'
	TypeChar    byte = '3'
	TypeBlock   byte = '4'
	TypeDir     byte = '5'
	TypeFifo    byte = '6'
)

// Types that occur in header blocks only.
const (
	typeV7         byte = 0
	typeContiguous byte = '7'
	typeGNUSparse  byte = 'S'
	typeGNUName    byte = 'L'
	typeGNULink    byte = 'K'
	typeGNUVolume  byte = 'V'
	typePAX        byte = 'x'
	typeSolarisPAX byte = 'X'
	typeGlobalPAX  byte = 'g'
)

// Header describes one entry. Headers are independent of each other and of the
// Scanner, but their maps may be shared between them: they are for reading.
type Header struct {
	// Name and Linkname are the bytes of the archive: not cleaned, perhaps not
	// UTF-8, but never with a NUL.
	Name, Linkname string

	// Type is one of the Type constants or a type unknown here. Regular files
	// in the archive's other spellings (NUL, '7', 'S') are TypeReg, a NUL type
	// with a slash at the end of its name TypeDir.
	Type byte

	Mode     int64 // as written: permissions, set-id and sticky bits, perhaps more
	UID, GID int64
	Size     int64 // logical, in bytes; 0 for types without data
	ModTime  time.Time

	Uname, Gname       string
	Devmajor, Devminor int64

	// Xattrs are the extended attributes of SCHILY.xattr and, where those do
	// not name them, of LIBARCHIVE.xattr records. It is nil if there are none.
	Xattrs map[string]string

	// PAX are the records in force, global ones included, or nil.
	PAX map[string]string

	// Sparse are the stored extents in logical order, none of them empty. It is
	// nil unless the entry is sparse, and not nil for a file that is one hole.
	Sparse []Extent

	HeaderOffset int64 // of the entry's own header block, behind its metadata headers
	DataOffset   int64 // of the first stored byte
	DataSize     int64 // how many bytes are stored, without padding
}

// Extent is a run of bytes of a sparse file that are stored.
type Extent struct {
	Offset, Length int64
}

// HasData reports whether entries of the type carry data.
func HasData(kind byte) bool {
	return kind < TypeLink || kind > TypeFifo
}
