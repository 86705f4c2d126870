package image

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// copyBlock is how much a [Copier] reads and writes at a time.
const copyBlock = 1 << 20

// Copier copies the bytes of blobs in large pieces. Its zero value is ready for use, also by several goroutines at a
// time. It keeps its buffers from one copy to the next.
type Copier struct{ buffers sync.Pool }

// Copy reads r to its end and writes all of it to w and to sum. A piece goes to sum in a goroutine of its own while it
// is written to w and the next one is read: where sum is a hash, that takes a third off the time. Copy returns when
// both are done with what they were given. The error of sum, which knows what is wrong with the bytes, goes before
// that of w; both are returned as they are.
func (c *Copier) Copy(ctx context.Context, w, sum io.Writer, r io.Reader) (err error) {
	buf, next := c.buffer(), c.buffer()
	defer c.buffers.Put(buf)
	defer c.buffers.Put(next)
	side := aside{w: sum, done: make(chan error, 1)}
	defer func() {
		if wrong := side.wait(); wrong != nil {
			err = wrong
		}
	}()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, rerr := fill(r, buf[:])
		if err := side.wait(); err != nil {
			return err
		}
		if n > 0 {
			side.start(buf[:n])
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
		}
		if rerr == io.EOF { //nolint:errorlint // one that is wrapped is no end
			return nil
		}
		if rerr != nil {
			return fmt.Errorf("read blob: %w", rerr)
		}
		buf, next = next, buf
	}
}

func (c *Copier) buffer() *[copyBlock]byte {
	if buf, ok := c.buffers.Get().(*[copyBlock]byte); ok {
		return buf
	}
	return new([copyBlock]byte)
}

// fill reads until the buffer is full or the reader ends. Unlike io.ReadFull it returns the reader's own error, so that
// a stream that was cut is told from one that is short.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for idle := 0; n < len(buf) && err == nil; {
		var more int
		more, err = r.Read(buf[n:])
		n += more
		if more > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			return n, io.ErrNoProgress
		}
	}
	return n, err
}

// aside writes one piece at a time in another goroutine.
type aside struct {
	w    io.Writer
	done chan error // has room for one
	busy bool
}

// start writes a piece that nobody changes before wait has returned.
func (a *aside) start(b []byte) {
	a.busy = true
	go func() {
		_, err := a.w.Write(b)
		a.done <- err
	}()
}

// wait returns what became of the piece that was started last, once.
func (a *aside) wait() error {
	if !a.busy {
		return nil
	}
	a.busy = false
	return <-a.done
}
