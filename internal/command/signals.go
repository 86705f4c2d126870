package command

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// withSignals returns a context that SIGINT and SIGTERM cancel. The second of them kills at once. SIGPIPE becomes an
// error of the write, so that a closed pipe is reported.
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
		signal.Stop(end)
		signal.Stop(pipe)
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
