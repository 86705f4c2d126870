package compression_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/imgtool/imgtool/compression"
)

func ExampleOpen() {
	var packed bytes.Buffer
	spec, _ := compression.ParseSpec("zstd:9")
	w, err := compression.NewWriter(&packed, spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.Copy(w, strings.NewReader("hello"))
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}

	r, format, err := compression.Open(&packed, compression.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	fmt.Printf("%s: %s %v\n", format, text, err)
	// Output: zstd: hello <nil>
}

func ExampleParseSpec() {
	_, err := compression.ParseSpec("xz")
	fmt.Println(err)
	// Output: parse compression "xz": xz is read but not written: use one of none, gzip, gzip:1 to gzip:9, zstd, zstd:1 to zstd:22
}
