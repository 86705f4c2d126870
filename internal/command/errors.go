package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/tarscan"
)

// The exit codes. Verbs that run a command have 125 and more besides.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitDamaged     = 4
	exitMissing     = 5
	exitInterrupted = 128 // and the number of the signal
)

// exitMeaning says what a code means in help and manual pages.
func exitMeaning(code int) string {
	return map[int]string{
		exitDone: "done", exitFailed: "failed", exitUsage: "usage error",
		exitNotFound: "not found", exitDamaged: "damaged or hostile input", exitMissing: "needs blobs that are not here",
		125: "imgtool itself failed", 126: "the command cannot be executed", 127: "the command was not found",
		130: "interrupted (SIGINT)", 143: "terminated (SIGTERM)",
	}[code]
}

// exitCode returns the code for a failure. Usage goes before all else, damage before absence.
func exitCode(err error) int {
	if i, ok := errors.AsType[*interruption](err); ok {
		return exitInterrupted + int(i.signal)
	}
	kinds := []struct {
		is   bool
		code int
	}{
		{isUsage(err), exitUsage},
		{isDamage(err), exitDamaged},
		{errors.Is(err, image.ErrMissing), exitMissing},
		{errors.Is(err, image.ErrAmbiguous), exitUsage},
		{errors.Is(err, image.ErrNotFound) || errors.Is(err, fs.ErrNotExist), exitNotFound},
	}
	for _, k := range kinds {
		if k.is {
			return k.code
		}
	}
	return exitFailed
}

// isDamage reports whether bytes are not what they claim to be.
func isDamage(err error) bool {
	for _, kind := range []error{image.ErrDamaged, tarscan.ErrFormat, compression.ErrCorrupt, compression.ErrExpansion} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// A usageError is a command line that does not fit its verb.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }

func (e usageError) Unwrap() error { return e.err }

// usagef returns an error that ends in exit code 2 and a hint to the verb's help.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func isUsage(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok
}

// A placeError says which place, as the user typed it, a failure belongs to.
type placeError struct {
	place string
	err   error
}

func (e *placeError) Error() string { return e.place + ": " + e.err.Error() }

func (e *placeError) Unwrap() error { return e.err }

// at ties a failure to the place as it was typed: "imgtool: VERB PLACE: what: cause". The store that is meant
// without a word was not typed, and adds nothing. It returns nil for no failure.
func at(place string, err error) error {
	if err == nil || place == "" {
		return err
	}
	return &placeError{place, err}
}

// A hintError knows what to do about a failure.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }

func (e *hintError) Unwrap() error { return e.err }

// hintf adds a line to a failure that says what to do. It returns nil for no failure.
func hintf(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hintError{err, fmt.Sprintf(format, args...)}
}

// An exitStatus ends the command with a code and no message: what is to be said has been said, or is on stdout.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// silentExit reports whether an error is an [exitStatus], and of which code.
func silentExit(err error) (code int, ok bool) {
	s, ok := errors.AsType[exitStatus](err)
	return int(s), ok
}

// cause returns what is below the operation and path of a file's error, which say nothing for a standard stream.
func cause(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// An interruption is the failure of a command that a signal ended, and what the verb said to that.
type interruption struct {
	signal syscall.Signal
	err    error
}

func (e *interruption) Error() string { return interruptedBy(e.signal) }

func (e *interruption) Unwrap() error { return e.err }

func interruptedBy(s syscall.Signal) string {
	if s == syscall.SIGINT {
		return "interrupted"
	}
	return "terminated"
}
