// Package compression tells how a stream is compressed, undoes it, and does
// it.
//
// Its words: a format is one of gzip, zstd, xz, bzip2 or none; a spec is a
// format and a level, what a user writes as "gzip:9"; expansion is what comes
// out of a stream against what went in.
//
// What is read may be hostile. A stream has to end exactly where its format
// says, checksums are verified, and expansion and memory are bounded by
// [Limits]. What is written depends on the input and the [Spec] alone: not on
// the number of processors, the sizes of the writes, or the time.
//
// The package knows nothing of tar, of images, or of files.
package compression
