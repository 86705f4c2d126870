package tarscan

import (
	"bytes"
	"strconv"
	"strings"
)

// sparseForm is where the map of a sparse file stands.
type sparseForm int

const (
	sparseNone   sparseForm = iota
	sparseMapped            // in the headers: GNU's old form, PAX 0.0 and 0.1
	sparseInData            // before the data: PAX 1.0
)

// sparse is what the headers say about a sparse file.
type sparse struct {
	form    sparseForm
	extents []Extent
	size    int64
}

// oldSparse reads the extents of GNU's old sparse format from a header block and
// those that extend it.
func (s *Scanner) oldSparse(b block, h *Header) (sparse, error) {
	if h.Type != typeGNUSparse || b.dialect() != dialectGNU {
		return sparse{}, nil
	}
	sp := sparse{form: sparseMapped}
	var err error
	if sp.size, err = b.number(fieldGNURealSize); err != nil {
		return sparse{}, err
	}
	table, extended := b[offsetGNUSparse:offsetGNUExtended], b[offsetGNUExtended] != 0
	for {
		if err := sp.addTable(table); err != nil {
			return sparse{}, err
		}
		if !extended {
			return sp, nil
		}
		if b, err = s.src.block(); err != nil {
			return sparse{}, err
		}
		if len(b) < blockSize {
			return sparse{}, s.truncated("sparse map")
		}
		table, extended = b[:offsetExtensionExtended], b[offsetExtensionExtended] != 0
	}
}

// addTable adds the extents of a table of 24 bytes each, where empty ones count
// for nothing.
func (sp *sparse) addTable(table []byte) error {
	for ; len(table) >= 24; table = table[24:] {
		if len(bytes.Trim(table[:24], "\x00 ")) == 0 {
			continue
		}
		offset, err := number(table[:12])
		if err != nil {
			return err
		}
		length, err := number(table[12:24])
		if err != nil {
			return err
		}
		if err := sp.add(offset, length); err != nil {
			return err
		}
	}
	return nil
}

// add adds an extent that must lie behind the ones before it.
func (sp *sparse) add(offset, length int64) error {
	if checkSize(offset) != nil || checkSize(length) != nil || checkSize(offset+length) != nil {
		return ErrSize
	}
	if len(sp.extents) == MaxSparseExtents {
		return ErrSparseExtents
	}
	if n := len(sp.extents); n > 0 && offset < sp.extents[n-1].Offset+sp.extents[n-1].Length {
		return malformed("extents of a sparse file overlap at %d", offset)
	}
	sp.extents = append(sp.extents, Extent{Offset: offset, Length: length})
	return nil
}

// applySparse finds the map of the PAX forms. An entry of the old form has its
// map already.
func (r *records) applySparse(h *Header, sp *sparse) error {
	if sp.form != sparseNone {
		return nil
	}
	minor, hasMinor := r.values[paxSparseMinor]
	table, hasTable := r.values[paxSparseMap]
	switch {
	case r.values[paxSparseMajor] == "1" && (!hasMinor || minor == "0"):
		sp.form = sparseInData
	case hasTable:
		sp.form = sparseMapped
		if err := sp.addText(table); err != nil {
			return err
		}
	case len(r.extents) > 0:
		sp.form = sparseMapped
		for _, e := range r.extents {
			if err := sp.add(e.Offset, e.Length); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	if name := r.values[paxSparseName]; name != "" {
		h.Name = name
	}
	text, ok := r.values[paxSparseRealSize]
	if !ok {
		text, ok = r.values[paxSparseSize]
	}
	if !ok {
		return nil
	}
	var err error
	sp.size, err = size(text)
	return err
}

// addText adds the extents of "OFFSET,LENGTH,…".
func (sp *sparse) addText(table string) error {
	for table != "" {
		var first, second string
		var ok bool
		if first, table, ok = strings.Cut(table, ","); !ok {
			return nil
		}
		second, table, _ = strings.Cut(table, ",")
		offset, err := size(first)
		if err != nil {
			return err
		}
		length, err := size(second)
		if err != nil {
			return err
		}
		if err := sp.add(offset, length); err != nil {
			return err
		}
	}
	return nil
}

// placeSparse sets the logical size and the extents of a sparse file whose
// stored data are next, behind their map if they begin with it.
func (s *Scanner) placeSparse(h *Header, sp *sparse) error {
	if sp.form == sparseInData {
		if err := s.readMap(sp); err != nil {
			return err
		}
	}
	if err := checkSize(sp.size); err != nil {
		return err
	}
	h.Size = sp.size
	h.Sparse = make([]Extent, 0, len(sp.extents))
	stored := int64(0)
	for _, e := range sp.extents {
		h.Size = max(h.Size, e.Offset+e.Length)
		stored += e.Length // no overflow: extents do not overlap
		if e.Length > 0 {
			h.Sparse = append(h.Sparse, e)
		}
	}
	if stored > s.left {
		return malformed("extents of a sparse file are %d bytes, its data %d", stored, s.left)
	}
	return nil
}

// readMap reads the map that is the first part of the data: decimal numbers,
// each on its line, their count first, filled up to a block.
func (s *Scanner) readMap(sp *sparse) error {
	lines := mapLines{s: s}
	count, err := lines.next()
	if err != nil {
		return err
	}
	if count > MaxSparseExtents {
		return ErrSparseExtents
	}
	for range count {
		offset, err := lines.next()
		if err != nil {
			return err
		}
		length, err := lines.next()
		if err != nil {
			return err
		}
		if err := sp.add(offset, length); err != nil {
			return err
		}
	}
	return nil
}

// mapLines takes numbers from stored data, block by block.
type mapLines struct {
	s    *Scanner
	rest []byte // of the last block
}

// maxMapLine is longer than any number that is in order.
const maxMapLine = 32

func (l *mapLines) next() (int64, error) {
	var line [maxMapLine]byte
	n := 0
	for {
		end := bytes.IndexByte(l.rest, '\n')
		part := l.rest
		if end >= 0 {
			part = l.rest[:end]
		}
		if n+len(part) > maxMapLine {
			return 0, malformed("bad sparse map")
		}
		n += copy(line[n:], part)
		if end >= 0 {
			l.rest = l.rest[end+1:]
			break
		}
		if err := l.fill(); err != nil {
			return 0, err
		}
	}
	v, err := strconv.ParseInt(string(line[:n]), 10, 64)
	if err != nil {
		return 0, malformed("bad number %q in sparse map", line[:n])
	}
	return v, checkSize(v)
}

func (l *mapLines) fill() error {
	if l.s.left < blockSize {
		return malformed("sparse map is longer than the data")
	}
	b, err := l.s.src.block()
	if err != nil {
		return err
	}
	if len(b) < blockSize {
		return l.s.truncated("sparse map")
	}
	l.s.left -= blockSize
	l.rest = b
	return nil
}
