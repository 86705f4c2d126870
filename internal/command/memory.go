package command

import (
	"runtime/debug"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/convert"
)

// heapLimit is what the heap is held to while layers are compressed. An encoder's tables are a large part of that, and
// without a limit the collector waits until there is as much garbage again. Less than this and it never rests.
const heapLimit = 32 << 20

// thrifty is the highest level whose encoder fits into heapLimit.
var thrifty = map[compression.Format]int{compression.Gzip: 9, compression.Zstd: 5}

// flatMemory keeps the memory of a conversion flat: one layer is compressed at a time, which keeps two cores busy by
// itself, and the heap is held to a limit, unless the user has set one or asked for an encoder that needs more.
func (c *call) flatMemory(opts *convert.Options) {
	if opts.Layers == nil || opts.Layers.Format == compression.None {
		return
	}
	opts.Jobs = 1
	if c.env("GOMEMLIMIT") == "" && opts.Layers.Level <= thrifty[opts.Layers.Format] {
		debug.SetMemoryLimit(heapLimit)
	}
}
