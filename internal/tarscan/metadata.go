package tarscan

import "strings"

// metadata is what the headers before an entry say about it.
type metadata struct {
	name, link string // of GNU long headers, or empty
	hasPAX     bool
	pax        string // the last PAX header, not yet parsed
}

// takeMetadata reads the payload of a metadata header.
func (s *Scanner) takeMetadata(kind byte, size int64, m *metadata) error {
	payload, err := s.payload(size)
	if err != nil {
		return err
	}
	switch kind {
	case typeGNUName:
		m.name = string(untilNUL(payload))
	case typeGNULink:
		m.link = string(untilNUL(payload))
	case typeGlobalPAX:
		return s.takeGlobal(string(payload))
	default:
		m.hasPAX, m.pax = true, string(payload)
	}
	return nil
}

// payload reads a metadata header's data and padding. It is valid until the next
// call.
func (s *Scanner) payload(size int64) ([]byte, error) {
	if size > MaxMetadata {
		return nil, ErrMetadata
	}
	s.metadata = s.metadata[:0]
	for int64(len(s.metadata)) < size {
		b, err := s.src.block()
		if err != nil {
			return nil, err
		}
		if len(b) < blockSize {
			return nil, s.truncated("metadata header")
		}
		s.metadata = append(s.metadata, b...)
	}
	return s.metadata[:size], nil
}

// takeGlobal makes the records those of all entries that follow. Headers share
// the maps, so it replaces them.
func (s *Scanner) takeGlobal(data string) error {
	global, err := parsePAX(s.global, data)
	if err != nil {
		return err
	}
	if len(global.values) > MaxGlobalRecords {
		return ErrGlobalRecords
	}
	for key := range global.values {
		if strings.HasPrefix(key, paxSparse) {
			return malformed("global PAX record %s", key)
		}
	}
	if len(global.values) == 0 {
		return nil
	}
	global.ownPath, global.ownLink = false, false
	s.global = global
	return nil
}

// apply adds to h what the metadata say. A PAX record of the entry's own beats a
// GNU long header, which beats a global record.
func (m *metadata) apply(h *Header, global records, sp *sparse) error {
	r := global
	if m.hasPAX {
		var err error
		if r, err = parsePAX(global, m.pax); err != nil {
			return err
		}
	}
	if r.values != nil {
		h.PAX, h.Xattrs = r.values, r.xattrs
		if err := r.apply(h); err != nil {
			return err
		}
		if err := r.applySparse(h, sp); err != nil {
			return err
		}
	}
	if m.name != "" && !r.ownPath {
		h.Name = m.name
	}
	if m.link != "" && !r.ownLink {
		h.Linkname = m.link
	}
	return nil
}
