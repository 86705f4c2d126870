package tarscan_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// seeds adds an archive of each dialect, and small real ones if there are any.
func seeds(f *testing.F) {
	f.Helper()
	file := head('0', "f", 5, magic(magicUstar)) + data(sparseStored)
	for _, archive := range []string{
		"",
		end,
		head('0', "v7", 3) + data("abc") + head(0, "dir/", 0) + end,
		head('S', "f", 5, oldSparse...) + data(sparseStored) + end,
		head('S', "f", 5, append(oldSparse, put(482, "\x01"))...) + extension(false) + data(sparseStored) + end,
		pax('x', "GNU.sparse.size=12", "GNU.sparse.offset=2", "GNU.sparse.numbytes=3", "GNU.sparse.offset=8", "GNU.sparse.numbytes=2") + file + end,
		pax('x', "GNU.sparse.size=12", "GNU.sparse.map=2,3,8,2", "GNU.sparse.name=real") + file + end,
		pax('x', "GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=12") + head('0', "f", 517, magic(magicUstar)) + data("2\n2\n3\n8\n2\n") + data(sparseStored) + end,
		pax('g', "uname=u") + pax('x', "mtime=-1.25", "SCHILY.xattr.user.a=b") + file + end,
		long('L', strings.Repeat("n", 120)) + long('K', strings.Repeat("l", 120)) + head('2', "f", 0, magic(magicGNU)) + end,
		head('0', "f", 0, magic(magicGNU), put(345, "pre/fix")) + end,
		head('0', "f", 0, put(108, "\x80\x00\x00\x00\x7f\xff\xff\xff"), put(136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe")) + end,
	} {
		f.Add([]byte(archive))
	}
	found, err := filepath.Glob(filepath.Join(os.Getenv("IMGTOOL_FIXTURES"), "*", "*.tar"))
	if err != nil || os.Getenv("IMGTOOL_FIXTURES") == "" {
		return
	}
	for _, name := range found {
		if b, err := os.ReadFile(name); err == nil && len(b) <= 4<<10 {
			f.Add(b)
		}
	}
}

// FuzzAgree checks that an archive is the same thing as a stream and at random.
func FuzzAgree(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		archive := string(fixChecksums(b))
		all, err := scan(t, archive)
		if !errors.Is(err, io.EOF) && !errors.Is(err, tarscan.ErrFormat) {
			t.Fatalf("error %v is neither the end nor the archive's fault", err)
		}
		for _, h := range all {
			checkHeader(t, h)
		}
	})
}

// checkHeader checks what holds for every header.
func checkHeader(t *testing.T, h *tarscan.Header) {
	t.Helper()
	if h.Size < 0 || h.Size > tarscan.MaxSize || h.DataSize < 0 || h.DataSize > tarscan.MaxSize {
		t.Errorf("size %d, stored %d", h.Size, h.DataSize)
	}
	if len(h.Name) > tarscan.MaxNameLength || strings.Contains(h.Name+h.Linkname, "\x00") {
		t.Errorf("name %q, link %q", h.Name, h.Linkname)
	}
	if !tarscan.HasData(h.Type) && (h.Size != 0 || h.DataSize != 0) {
		t.Errorf("type %c with %d bytes, %d stored", h.Type, h.Size, h.DataSize)
	}
	var last, sum int64
	for _, e := range h.Sparse {
		if e.Length <= 0 || e.Offset < last {
			t.Fatalf("extents %v", h.Sparse)
		}
		last, sum = e.Offset+e.Length, sum+e.Length
	}
	if h.Sparse != nil && (last > h.Size || sum > h.DataSize) {
		t.Errorf("extents %v in %d bytes, %d stored", h.Sparse, h.Size, h.DataSize)
	}
}

// fixChecksums makes every block that may be a header one, so that the fuzzer
// gets further than to the first.
func fixChecksums(b []byte) []byte {
	b = bytes.Clone(b)
	for i := 0; i+512 <= len(b); i += 512 {
		block := b[i : i+512]
		if !bytes.Contains(block[148:156], []byte("\x00 ")) {
			continue
		}
		copy(block, head(block[156], "", 0, func(h []byte) { copy(h, block) }))
	}
	return b
}

// FuzzArchiveTar compares with archive/tar what both read to the end.
func FuzzArchiveTar(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		archive := fixChecksums(b)
		theirs, ok := readTheirs(archive)
		if !ok {
			return
		}
		ours, ok := readOurs(archive)
		if !ok || len(theirs) == 0 && len(ours) == 0 {
			return
		}
		if len(ours) != len(theirs) {
			t.Fatalf("%d entries, archive/tar has %d", len(ours), len(theirs))
		}
		for i := range ours {
			if !alike(ours[i].header, theirs[i].header) {
				continue
			}
			if diff := cmp.Diff(plainTheirs(theirs[i]), plainOurs(ours[i], theirs[i].header)); diff != "" {
				t.Errorf("entry %d (-archive/tar +tarscan):\n%s", i, diff)
			}
		}
	})
}

type ourEntry struct {
	header *tarscan.Header
	data   string
}

type theirEntry struct {
	header *tar.Header
	data   string
}

const fuzzData = 1 << 16

// readTheirs reads an archive whose entries archive/tar sees as we do: without
// global headers, which it leaves to its caller, and headers unknown to it.
func readTheirs(archive []byte) (all []theirEntry, ok bool) {
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, true
		}
		if err != nil || strings.IndexByte("gXV", h.Typeflag) >= 0 {
			return nil, false
		}
		text, err := io.ReadAll(io.LimitReader(r, fuzzData))
		if err != nil {
			return nil, false
		}
		all = append(all, theirEntry{h, string(text)})
	}
}

func readOurs(archive []byte) (all []ourEntry, ok bool) {
	s := tarscan.NewReader(bytes.NewReader(archive))
	for {
		h, err := s.Next()
		if errors.Is(err, io.EOF) {
			return all, true
		}
		if err != nil {
			return nil, false
		}
		text, err := io.ReadAll(io.LimitReader(tarscan.NewLogicalReader(h, s), fuzzData))
		if err != nil {
			return nil, false
		}
		all = append(all, ourEntry{h, string(text)})
	}
}

// alike leaves out sparse files that archive/tar does not take for such, or
// whose size it does not correct, or whose table it reads to an empty slot only.
func alike(ours *tarscan.Header, theirs *tar.Header) bool {
	if theirs.Typeflag == tar.TypeGNUSparse && ours.Size != theirs.Size {
		return false
	}
	for key := range theirs.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return ours.Size == theirs.Size && ours.Sparse != nil
		}
	}
	return true
}

// plain is what both say of an entry.
type plain struct {
	Name, Linkname, Uname, Gname string
	Type                         byte
	Mode, UID, GID, Size         int64
	Devmajor, Devminor           int64
	ModTime                      time.Time
	Data                         string
}

func plainTheirs(e theirEntry) plain {
	h := e.header
	p := plain{
		Name: h.Name, Linkname: h.Linkname, Uname: h.Uname, Gname: h.Gname, Type: h.Typeflag,
		Mode: h.Mode, UID: int64(h.Uid), GID: int64(h.Gid), Size: h.Size,
		Devmajor: h.Devmajor, Devminor: h.Devminor, ModTime: h.ModTime, Data: e.data,
	}
	switch p.Type {
	case tar.TypeCont, tar.TypeGNUSparse:
		p.Type = tar.TypeReg
	}
	if !tarscan.HasData(p.Type) {
		p.Size = 0 // archive/tar tells the size that such an entry claims
	}
	return p
}

// plainOurs undoes the differences that are on purpose: see the package's doc.
func plainOurs(e ourEntry, theirs *tar.Header) plain {
	h := e.header
	p := plain{
		Name: h.Name, Linkname: h.Linkname, Uname: h.Uname, Gname: h.Gname, Type: h.Type,
		Mode: h.Mode, UID: h.UID, GID: h.GID, Size: h.Size,
		Devmajor: h.Devmajor, Devminor: h.Devminor, ModTime: h.ModTime, Data: e.data,
	}
	// The prefix under the magic of GNU is there if two times do not parse:
	// archive/tar is stricter with times, and lets control characters pass.
	if theirs.Format == tar.FormatUnknown && strings.HasSuffix(theirs.Name, "/"+p.Name) {
		p.Name = theirs.Name
	}
	// A PAX record beats a GNU long header; archive/tar has it the other way.
	if v := h.PAX["path"]; v != "" && p.Name == v {
		p.Name = theirs.Name
	}
	if v := h.PAX["linkpath"]; v != "" && p.Linkname == v {
		p.Linkname = theirs.Linkname
	}
	// An empty record empties the name of an owner.
	if v, ok := h.PAX["uname"]; ok && v == "" {
		p.Uname = theirs.Uname
	}
	if v, ok := h.PAX["gname"]; ok && v == "" {
		p.Gname = theirs.Gname
	}
	if delta := theirs.ModTime.Sub(p.ModTime); p.ModTime.Unix() < 0 && delta == 1 {
		p.ModTime = theirs.ModTime
	}
	return p
}
