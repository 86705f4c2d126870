// Package tarball reads and writes what `docker save` makes, in every form that it and its imitators ever had.
//
// Its words: an archive is a tar, or a directory with the same files; a generation is a way to list images in it; a
// member is a file of the archive; a tip is a v1 image that is listed itself, and not only as the parent of another.
// An archive that holds an OCI layout is read by package layout; this one adds what manifest.json says.
//
// It is not for layers: it tells whether they are compressed and, where nothing else names them, their digests, but
// neither what is in them nor whether they are right.
package tarball
