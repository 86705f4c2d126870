package compression

import (
	"bufio"
	"io"

	"github.com/ulikunitz/xz"
)

func newXzReader(in *bufio.Reader) (io.ReadCloser, error) {
	r, err := xz.NewReader(in)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(r), nil
}
