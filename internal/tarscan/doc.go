// Package tarscan reads the headers of a tar archive: v7, ustar, star, GNU and
// PAX, with long names, base-256 numbers, sparse files in all four forms, and
// the offsets at which each entry's data lie.
//
// An entry is a member of the archive with everything that its PAX and GNU
// headers say about it already applied; those headers are never entries
// themselves. The stored data of an entry are the bytes in the archive, its
// logical data the bytes of the file: they differ for sparse files alone, whose
// holes are not stored. An extent is a run of logical bytes that are stored.
//
// The scanner does not clean names, does not follow links and does not decide
// what is safe to extract. It differs from archive/tar on purpose:
//
//   - global PAX headers apply to the entries behind them, and are no entries;
//   - PAX records behind a malformed one are ignored, not an error;
//   - a value that a PAX record leaves empty keeps the value of the header
//     block, except for uname and gname, which it empties;
//   - an own PAX path or linkpath beats a GNU long header, whatever their order;
//   - the prefix that Go before 1.8 wrote under the magic of GNU is one only if
//     it is printable;
//   - a number ends at its first NUL, whatever follows in its field;
//   - X (Solaris) headers are PAX headers, V (volume label) headers are skipped;
//   - names and numbers that archive/tar takes to be a caller's business are
//     bounded: see the limits of this package;
//   - device numbers that do not parse are 0, octal numbers may be negative;
//   - a sparse file is as long as its last extent when its size says less, and
//     empty slots in GNU's table of extents do not end it;
//   - time stamps before 1970 are rounded down to nanoseconds, not towards 1970.
package tarscan
