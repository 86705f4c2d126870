package command

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// withSignals returns a context that SIGINT and SIGTERM cancel. The second of them kills at once. SIGPIPE becomes an
// error of the write, so that a closed pipe is reported. After stop a first SIGINT or SIGTERM is let pass: the command has
// said that it succeeded, and must not be killed on its last steps.
func withSignals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE) // not Ignore: a child would inherit that
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case s := <-end:
			signal.Stop(end)
			number, _ := s.(syscall.Signal)
			cancel(signalError(number))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-gone
		signal.Stop(pipe)
	}
}

// grace is how long a verb has to clean up behind a signal. One that hangs in the kernel, opening a named pipe that nobody
// writes to or writing to one that nobody reads, is left to end with the process.
const grace = 2 * time.Second

// untilSignal runs f, and returns its error, or that of the context if a signal has come and f does not end in time.
func untilSignal(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
		return ctx.Err()
	}
}

// signalError is why a context that a signal cancelled is done.
type signalError syscall.Signal

func (e signalError) Error() string { return interruptedBy(syscall.Signal(e)) }

// signalled returns the signal that cancelled the context, if one did.
func signalled(ctx context.Context) (syscall.Signal, bool) {
	s, ok := errors.AsType[signalError](context.Cause(ctx))
	return syscall.Signal(s), ok
}
