package layout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// How long a command sleeps before it asks again for a lock that another one holds. Waiting inside flock(2) could not be
// interrupted by a context.
const (
	firstPause   = time.Millisecond
	longestPause = 10 * time.Millisecond
)

// errBusy says that another process, or another transaction of this one, holds a lock.
var errBusy = errors.New("locked by another command")

// tryLock takes an exclusive lock on an open file, which lasts until the file is closed.
func tryLock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return errBusy
		default:
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
	}
}

// waitLock is tryLock until it succeeds or the context ends.
func waitLock(ctx context.Context, f *os.File) error {
	wait := firstPause
	for {
		err := tryLock(f)
		if !errors.Is(err, errBusy) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("lock %s: %w", f.Name(), ctx.Err())
		case <-time.After(wait):
		}
		wait = min(2*wait, longestPause)
	}
}
