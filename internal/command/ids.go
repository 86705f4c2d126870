package command

import (
	"fmt"
	"io"
	"os"

	"github.com/opencontainers/go-digest"
)

// shortID returns the first 12 hex digits of a digest or of the ID of a v1 image, as docker shows an ID.
func shortID(d digest.Digest) string {
	switch {
	case d.Validate() == nil:
		return d.Encoded()[:12]
	case ("sha256:" + d).Validate() == nil:
		return string(d[:12])
	}
	return string(d)
}

// readBounded returns a small file's bytes; more of them than limit is an error.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("read %s: more than %d bytes", path, limit)
	}
	return raw, nil
}
