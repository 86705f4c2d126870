package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"github.com/imgtool/imgtool/compression"
)

// expansion is what --max-expansion says of the bytes that come out of a compressed stream, or of the sparse members of an
// archive.
type expansion struct{ limits compression.Limits }

// Set reads SIZE[:RATIO]. One who names a size has thought of it, so that it alone counts.
func (e *expansion) Set(s string) error {
	size, ratio, has := strings.Cut(s, ":")
	n, err := units.RAMInBytes(size)
	if err != nil || n <= 0 {
		return fmt.Errorf("%q is not a size, such as 20GiB", size)
	}
	e.limits = compression.Limits{Bytes: n, Ratio: -1}
	if !has {
		return nil
	}
	if e.limits.Ratio, err = strconv.ParseInt(ratio, 10, 64); err != nil || e.limits.Ratio <= 0 {
		return errors.New("the ratio is not a number above zero")
	}
	return nil
}

// String is what the flag library wants to know.
func (*expansion) String() string { return "" }

// limits returns what compressed data may expand to.
func (c *call) limits() compression.Limits { return c.expansion.limits }

// checkSparse returns an error if the sparse members of an archive have more bytes than the limits allow for those that are
// stored of them.
func checkSparse(logical, stored int64, limits compression.Limits) error {
	if logical > stored && !limits.Allows(logical, stored) {
		return fmt.Errorf("sparse members: %w: %d bytes from %d", compression.ErrExpansion, logical, stored)
	}
	return nil
}
