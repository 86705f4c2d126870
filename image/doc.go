// Package image is the model of container images: descriptors, documents (index, manifest, config), references,
// the graph of blobs that they form, and the one engine that copies such a graph from a [Source] to a [Txn].
//
// Its words are those of the OCI image specification 1.1: a blob is a byte string named by its digest, a descriptor
// names a blob with its media type and size, a root is a descriptor that a place (an archive, a layout, a store)
// lists at its top. A document is a blob that holds JSON. The package knows nothing of files, archives or
// directories, and it does not look inside layers: whoever copies can hand it a check that does.
package image
