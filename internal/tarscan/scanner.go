package tarscan

import (
	"fmt"
	"io"
	"time"
)

// Scanner reads the entries of one archive in order. It is not safe for
// concurrent use.
type Scanner struct {
	src source
	err error // of Next, for good

	left   int64 // stored bytes of the current entry that are not yet passed
	pad    int64 // bytes behind them up to the next block
	global records

	metadata []byte // scratch
	uname    string // the last ones: they seldom change
	gname    string
}

// NewReader returns a Scanner over a stream. It reads no byte too many, and so
// in single blocks between the data: wrap what is slow for small reads in a
// bufio.Reader.
func NewReader(r io.Reader) *Scanner {
	return &Scanner{src: &stream{r: r}}
}

// NewReaderAt returns a Scanner that reads nothing but headers of the size bytes
// of r. Its Read always fails: DataOffset and DataSize say where data are.
func NewReaderAt(r io.ReaderAt, size int64) *Scanner {
	return &Scanner{src: &window{r: r, size: max(size, 0)}}
}

// Offset returns how many bytes of the archive have been passed. After io.EOF it
// is the offset behind the two blocks that end the archive, or behind what there
// is of them; the block behind a lone zero block counts as the second one.
func (s *Scanner) Offset() int64 { return s.src.offset() }

// Next passes what is left of the current entry and returns the next one. It
// returns io.EOF at the end of the archive: a zero block, or the end of the
// input where a header could begin. An entry whose data are cut off is returned;
// the error follows when its data are read or passed. Every error is final; one
// that is the archive's fault wraps ErrFormat.
func (s *Scanner) Next() (*Header, error) {
	if s.err != nil {
		return nil, s.err
	}
	h, err := s.next()
	if err != nil {
		s.err = err
		return nil, err
	}
	return h, nil
}

// Read reads the stored data of the current entry: of a sparse file the extents
// without the holes. It returns io.EOF at their end.
func (s *Scanner) Read(p []byte) (int, error) {
	if s.left == 0 || s.err != nil {
		return 0, io.EOF
	}
	n, err := s.src.read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if atEnd(err) {
		err = nil
		if s.left > 0 {
			err = s.truncated("data")
		}
	}
	return n, err
}

func (s *Scanner) next() (*Header, error) {
	if err := s.finish(); err != nil {
		return nil, err
	}
	var m metadata
	for range MaxMetadataHeaders + 1 {
		start := s.src.offset()
		b, err := s.header()
		if atEnd(err) {
			return nil, io.EOF
		}
		var h *Header
		if err == nil {
			h, err = s.member(b, &m)
		}
		if err != nil {
			return nil, fmt.Errorf("read tar header at offset %d: %w", start, err)
		}
		if h != nil {
			h.HeaderOffset = start
			return h, nil
		}
	}
	return nil, fmt.Errorf("read tar header at offset %d: %w", s.src.offset(), ErrMetadataHeaders)
}

// finish passes the rest of the current entry. Padding may be missing at the end
// of the archive.
func (s *Scanner) finish() error {
	n, err := s.src.skip(s.left)
	if err != nil {
		return err
	}
	if n < s.left {
		return s.truncated("data")
	}
	_, err = s.src.skip(s.pad)
	s.left, s.pad = 0, 0
	return err
}

// header returns the next header block, its checksum checked, or io.EOF.
func (s *Scanner) header() (block, error) {
	b, err := s.src.block()
	if err != nil {
		return nil, err
	}
	if b.zero() {
		if len(b) == blockSize {
			if _, err := s.src.skip(blockSize); err != nil {
				return nil, err
			}
		}
		return nil, io.EOF
	}
	if len(b) < blockSize {
		return nil, malformed("%d bytes where a header block is due", len(b))
	}
	if !b.checksumOK() {
		return nil, malformed("bad checksum")
	}
	return b, nil
}

// numbers are the numeric fields that every header block must have in order.
type numbers struct{ mode, uid, gid, size, mtime int64 }

func (b block) numbers() (n numbers, err error) {
	for _, f := range [...]struct {
		field field
		value *int64
	}{
		{fieldMode, &n.mode},
		{fieldUID, &n.uid},
		{fieldGID, &n.gid},
		{fieldSize, &n.size},
		{fieldModTime, &n.mtime},
	} {
		if *f.value, err = b.number(f.field); err != nil {
			return n, err
		}
	}
	return n, checkSize(n.size)
}

// member takes a metadata header into m, or returns the entry that it is for.
func (s *Scanner) member(b block, m *metadata) (*Header, error) {
	n, err := b.numbers()
	if err != nil {
		return nil, err
	}
	switch kind := b[offsetType]; kind {
	case typeGNUName, typeGNULink, typePAX, typeSolarisPAX, typeGlobalPAX:
		return nil, s.takeMetadata(kind, n.size, m)
	case typeGNUVolume:
		s.left, s.pad = n.size, padding(n.size)
		return nil, s.finish()
	}
	h := s.entry(b, n)
	sparse, err := s.oldSparse(b, h)
	if err != nil {
		return nil, err
	}
	if err := m.apply(h, s.global, &sparse); err != nil {
		return nil, err
	}
	return h, s.place(h, &sparse)
}

// entry returns what the block itself says. Type and sizes are as written.
func (s *Scanner) entry(b block, n numbers) *Header {
	h := &Header{
		Type:     b[offsetType],
		Mode:     n.mode,
		UID:      n.uid,
		GID:      n.gid,
		ModTime:  time.Unix(n.mtime, 0),
		DataSize: n.size,
	}
	h.Linkname = string(b.text(fieldLinkname))
	d := b.dialect()
	if prefix := b.prefix(d); len(prefix) > 0 {
		h.Name = string(prefix) + "/" + string(b.text(fieldName))
	} else {
		h.Name = string(b.text(fieldName))
	}
	if d == dialectV7 {
		return h
	}
	h.Uname = recycle(&s.uname, b.text(fieldUname))
	h.Gname = recycle(&s.gname, b.text(fieldGname))
	// Some writers leave other things in the place of device numbers.
	if major, err := b.number(fieldDevmajor); err == nil {
		h.Devmajor = major
		if minor, err := b.number(fieldDevminor); err == nil {
			h.Devminor = minor
		}
	}
	return h
}

// recycle returns b as a string, the last one if that is the same.
func recycle(last *string, b []byte) string {
	if *last != string(b) {
		*last = string(b)
	}
	return *last
}

// place sets what depends on all that is known of the entry, and prepares for
// its data.
func (s *Scanner) place(h *Header, sp *sparse) error {
	if len(h.Name) > MaxNameLength || len(h.Linkname) > MaxNameLength {
		return ErrNameLength
	}
	switch h.Type {
	case typeV7:
		h.Type = TypeReg
		if len(h.Name) > 0 && h.Name[len(h.Name)-1] == '/' {
			h.Type = TypeDir
		}
	case typeContiguous, typeGNUSparse:
		h.Type = TypeReg
	}
	if !HasData(h.Type) {
		h.DataSize = 0
		h.DataOffset = s.src.offset()
		return nil
	}
	s.left, s.pad = h.DataSize, padding(h.DataSize)
	h.Size = h.DataSize
	if sp.form != sparseNone {
		if err := s.placeSparse(h, sp); err != nil {
			return err
		}
	}
	h.DataOffset, h.DataSize = s.src.offset(), s.left
	return nil
}

func (s *Scanner) truncated(what string) error {
	return fmt.Errorf("read archive at offset %d: %w: %s: %w", s.src.offset(), ErrFormat, what, io.ErrUnexpectedEOF)
}

// padding returns how many bytes follow n bytes up to the next block.
func padding(n int64) int64 { return -n & (blockSize - 1) }
