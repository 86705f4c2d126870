// Package layout reads and writes OCI image layouts (image-spec 1.1, image-layout.md): oci-layout, index.json and
// blobs/<algorithm>/<hex>.
//
// [Open] reads a layout from any file system, such as an archive. A [Dir] is a layout in a directory that is also
// written to, by transactions: see docs/store.md for what lies there meanwhile, and what a killed process leaves.
package layout
