// Package tarfs shows a tar archive as a read-only fs.FS whose files can be read
// at random. The archive's headers are read once; its data only when asked for.
//
// A member is an entry of the archive, a name its place in the tree: cleaned of
// "./", of slashes before, behind and doubled. The last member of a name wins,
// with all that stands below it unless both are directories; a member below a
// name that is no directory makes it one. Parents that the archive leaves out
// are directories without a header.
//
// Names that cannot be shown are no part of the tree: those with "..", those
// that are not UTF-8, and members other than directories that would take the
// place of the root. Unsafe returns them, so that a caller can refuse an archive
// that has any.
//
// Symbolic and hard links are followed inside the archive only. One that leads
// outside, nowhere, or in circles is shown, and is an error when it is opened.
package tarfs
