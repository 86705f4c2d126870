package tarscan_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/imgtool/imgtool/internal/tarscan"
)

func ExampleScanner() {
	archive := pax('x', "path=etc/hostname") + head('0', "short", 4) + data("box\n") + end

	s := tarscan.NewReaderAt(strings.NewReader(archive), int64(len(archive)))
	for {
		h, err := s.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		text := io.NewSectionReader(strings.NewReader(archive), h.DataOffset, h.DataSize)
		b, err := io.ReadAll(text)
		fmt.Printf("%s at %d: %q %v\n", h.Name, h.DataOffset, b, err)
	}
	// Output: etc/hostname at 1536: "box\n" <nil>
}
