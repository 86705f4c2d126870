package layer_test

import (
	"bytes"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layer"
)

// A layer is checked while it is copied.
func ExampleCheck() {
	tar := make([]byte, 1024) // the end of an archive and nothing before it
	l := image.Layer{DiffID: digest.FromBytes(tar)}

	check := layer.Check(l, compression.Limits{})
	_, err := bytes.NewReader(tar).WriteTo(check)
	fmt.Println(err, check.Close())

	l.DiffID = digest.FromString("something else")
	fmt.Println(layer.Verify(bytes.NewReader(tar), l, compression.Limits{}) != nil)
	// Output:
	// <nil> <nil>
	// true
}
