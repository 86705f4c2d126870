package tarscan

import (
	"encoding/base64"
	"maps"
	"strings"
)

// Keys of PAX records that the scanner acts on.
const (
	paxPath     = "path"
	paxLinkpath = "linkpath"
	paxSize     = "size"
	paxUID      = "uid"
	paxGID      = "gid"
	paxModTime  = "mtime"
	paxUname    = "uname"
	paxGname    = "gname"

	paxSchilyXattr     = "SCHILY.xattr."
	paxLibarchiveXattr = "LIBARCHIVE.xattr."

	paxSparse         = "GNU.sparse."
	paxSparseMajor    = "GNU.sparse.major"
	paxSparseMinor    = "GNU.sparse.minor"
	paxSparseName     = "GNU.sparse.name"
	paxSparseMap      = "GNU.sparse.map"
	paxSparseOffset   = "GNU.sparse.offset"
	paxSparseLength   = "GNU.sparse.numbytes"
	paxSparseSize     = "GNU.sparse.size"
	paxSparseRealSize = "GNU.sparse.realsize"
)

// records are PAX records in force: the last of a key counts.
type records struct {
	values map[string]string
	xattrs map[string]string

	// ownPath and ownLink say that path and linkpath are set, and not by base.
	ownPath, ownLink bool

	// extents are those of the sparse format 0.0, which repeats its keys.
	extents []Extent
}

// parsePAX parses the records in data until their end or the first that is
// malformed, and adds them to a copy of base.
func parsePAX(base records, data string) (records, error) {
	r := records{values: make(map[string]string, len(base.values)+4)}
	maps.Copy(r.values, base.values)
	var xattrs []string // the keys of extended attributes in data
	for data != "" {
		key, value, rest, ok := cutRecord(data)
		if !ok {
			break
		}
		data = rest
		if err := r.set(key, value); err != nil {
			return records{}, err
		}
		if isXattr(key) {
			xattrs = append(xattrs, key)
		}
	}
	r.xattrs = base.xattrs
	if xattrs != nil {
		r.xattrs = r.decodeXattrs(base.xattrs, xattrs)
	}
	return r, nil
}

// cutRecord takes "LENGTH KEY=VALUE\n" off data, where LENGTH counts all of it.
func cutRecord(data string) (key, value, rest string, ok bool) {
	length, i := 0, 0
	for i < len(data) && data[i] >= '0' && data[i] <= '9' && length <= MaxMetadata {
		length = length*10 + int(data[i]-'0')
		i++
	}
	if i == 0 || i == len(data) || data[i] != ' ' {
		return "", "", "", false
	}
	if length < 5 || length > len(data) || length-1 <= i || data[length-1] != '\n' {
		return "", "", "", false
	}
	key, value, _ = strings.Cut(data[i+1:length-1], "=")
	return key, value, data[length:], true
}

func (r *records) set(key, value string) error {
	switch key {
	case paxPath, paxLinkpath, paxUname, paxGname, paxSparseName:
		if strings.IndexByte(value, 0) >= 0 {
			return malformed("PAX record %s has a NUL", key)
		}
		r.ownPath = r.ownPath && key != paxPath || key == paxPath && value != ""
		r.ownLink = r.ownLink && key != paxLinkpath || key == paxLinkpath && value != ""
	case paxSparseOffset:
		v, err := size(value)
		if err != nil {
			return err
		}
		if len(r.extents) == MaxSparseExtents {
			return ErrSparseExtents
		}
		r.extents = append(r.extents, Extent{Offset: v})
	case paxSparseLength:
		v, err := size(value)
		if err != nil {
			return err
		}
		if n := len(r.extents); n > 0 {
			r.extents[n-1].Length = v
		}
	}
	r.values[key] = value
	return nil
}

func isXattr(key string) bool {
	return strings.HasPrefix(key, paxSchilyXattr) || strings.HasPrefix(key, paxLibarchiveXattr)
}

// decodeXattrs adds the extended attributes of the records with these keys to a
// copy of base.
func (r *records) decodeXattrs(base map[string]string, keys []string) map[string]string {
	xattrs := make(map[string]string, len(base)+len(keys))
	maps.Copy(xattrs, base)
	for _, key := range keys {
		value := r.values[key]
		if name, ok := strings.CutPrefix(key, paxSchilyXattr); ok {
			xattrs[name] = value
			continue
		}
		name := strings.TrimPrefix(key, paxLibarchiveXattr)
		if _, ok := r.values[paxSchilyXattr+name]; ok {
			continue
		}
		decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
		if err != nil {
			continue // as libarchive does; the record stays visible in PAX
		}
		xattrs[name] = string(decoded)
	}
	return xattrs
}

// apply overrides what the header block says.
func (r *records) apply(h *Header) error {
	for _, text := range []struct {
		key   string
		value *string
	}{{paxPath, &h.Name}, {paxLinkpath, &h.Linkname}} {
		if v := r.values[text.key]; v != "" {
			*text.value = v
		}
	}
	for _, text := range []struct {
		key   string
		value *string
	}{{paxUname, &h.Uname}, {paxGname, &h.Gname}} {
		if v, ok := r.values[text.key]; ok {
			*text.value = v
		}
	}
	return r.applyNumbers(h)
}

func (r *records) applyNumbers(h *Header) (err error) {
	if v := r.values[paxSize]; v != "" {
		if h.DataSize, err = size(v); err != nil {
			return err
		}
	}
	if v := r.values[paxUID]; v != "" {
		if h.UID, err = decimal(v); err != nil {
			return err
		}
	}
	if v := r.values[paxGID]; v != "" {
		if h.GID, err = decimal(v); err != nil {
			return err
		}
	}
	if v := r.values[paxModTime]; v != "" {
		if h.ModTime, err = paxTime(v); err != nil {
			return err
		}
	}
	return nil
}
