package command

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds on what a failure says, whatever names a hostile archive has.
const (
	maxLine  = 1000 // characters
	maxHints = 4
)

// report prints a failure: one line "imgtool: VERB PLACE: what: cause", and a few hints.
func report(w io.Writer, verb string, err error) {
	text := err.Error()
	head := "imgtool: "
	if verb != "" {
		head += verb + ": "
		if p, ok := errors.AsType[*placeError](err); ok && strings.HasPrefix(text, p.Error()) {
			head = strings.TrimSuffix(head, ": ") + " "
		}
	}
	fmt.Fprintln(w, oneLine(head+text))
	for i, hint := range hints(err) {
		if i == maxHints {
			break
		}
		fmt.Fprintln(w, oneLine("hint: "+hint))
	}
}

// hints returns the hints of an error and of all that it wraps, the innermost first, each once.
func hints(err error) []string {
	var all []string
	var collect func(err error)
	collect = func(err error) {
		switch e := err.(type) { //nolint:errorlint // the tree is walked node by node
		case nil:
			return
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				collect(inner)
			}
		default:
			collect(errors.Unwrap(err))
		}
		if h, ok := err.(*hintError); ok && !slices.Contains(all, h.hint) { //nolint:errorlint // see above
			all = append(all, h.hint)
		}
	}
	collect(err)
	return all
}

// oneLine returns text that is safe on a terminal and fits a line: line breaks of joined errors become "; ", other
// control characters are escaped, and what is longer than maxLine is cut.
func oneLine(text string) string {
	text = printable(strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "; "))
	if runes := []rune(text); len(runes) > maxLine {
		text = string(runes[:maxLine-1]) + "…"
	}
	return text
}

// printable escapes what a terminal could take for a command, and bytes that are not UTF-8.
func printable(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if r != utf8.RuneError && unicode.IsPrint(r) {
			b.WriteString(text[:n])
		} else {
			quoted := strconv.QuoteToASCII(text[:n])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[n:]
	}
	return b.String()
}
