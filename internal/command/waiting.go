package command

import (
	"context"
	"errors"
	"io"
	"os"

	sys "golang.org/x/sys/unix"
)

// pollInterval is how soon a reader that waits for bytes notices that its context is done, in milliseconds.
const pollInterval = 100

// waiting returns a reader of f that fails with the context's error when that is done, even while it waits for a pipe
// that nobody writes to. Regular files do not wait and are returned as they are.
func waiting(ctx context.Context, f *os.File) io.Reader {
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		return f
	}
	return &waitingReader{ctx, f}
}

type waitingReader struct {
	ctx context.Context //nolint:containedctx // a reader lives as long as one verb
	f   *os.File
}

func (r *waitingReader) Read(b []byte) (int, error) {
	for {
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		ready := []sys.PollFd{{Fd: int32(r.f.Fd()), Events: sys.POLLIN}}
		n, err := sys.Poll(ready, pollInterval)
		if n > 0 || err != nil && !errors.Is(err, sys.EINTR) { // what cannot be waited for is read
			return r.f.Read(b)
		}
	}
}
