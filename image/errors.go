package image

import (
	"errors"
	"fmt"
)

// The kinds of failure that callers tell apart; all errors of this module wrap at most one of them.
var (
	// ErrNotFound says that nothing has the name, ID or platform that was asked for.
	ErrNotFound = errors.New("not found")
	// ErrDamaged says that bytes are not what they claim to be: a digest, size, diff ID or document is wrong.
	ErrDamaged = errors.New("damaged")
	// ErrMissing says that a blob that is needed is not in this place.
	ErrMissing = errors.New("blob is not here")
	// ErrAmbiguous says that a selector fits several images.
	ErrAmbiguous = errors.New("ambiguous")
)

// Damagef returns an error that reads as the formatted text and matches [ErrDamaged].
func Damagef(format string, args ...any) error {
	return &kindError{kind: ErrDamaged, err: fmt.Errorf(format, args...)}
}

// Missingf returns an error that reads as the formatted text and matches [ErrMissing].
func Missingf(format string, args ...any) error {
	return &kindError{kind: ErrMissing, err: fmt.Errorf(format, args...)}
}

// NotFoundf returns an error that reads as the formatted text and matches [ErrNotFound].
func NotFoundf(format string, args ...any) error {
	return &kindError{kind: ErrNotFound, err: fmt.Errorf(format, args...)}
}

// kindError gives an error a kind without repeating the kind's words.
type kindError struct{ kind, err error }

func (e *kindError) Error() string { return e.err.Error() }

func (e *kindError) Unwrap() []error { return []error{e.kind, e.err} }
