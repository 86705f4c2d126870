// Package store keeps a user's images: an OCI image layout in a directory, with a folder .imgtool/ beside the layout's
// own files for what is not part of it (docs/store.md). What is atomic, and what a killed process leaves, is the
// business of package layout; this package knows names, IDs and what becomes of them.
package store
