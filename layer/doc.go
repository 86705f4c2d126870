// Package layer reads layers: tars, compressed or not, that say what changes from one state of a root file system to
// the next (OCI image-spec, layer.md). It checks that a layer is what its descriptor and its image's config say.
package layer
