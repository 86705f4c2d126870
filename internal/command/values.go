package command

import (
	"time"

	"github.com/docker/go-units"
	"github.com/opencontainers/go-digest"
)

const (
	none    = "<none>"    // a name, tag or digest that is not there
	unknown = "N/A"       // a value that nobody knows
	missing = "<missing>" // the ID of a step that has no image of its own
)

// idText returns an ID as a column shows it.
func idText(id digest.Digest, noTrunc bool) string {
	if noTrunc {
		return string(id)
	}
	return shortID(id)
}

func orNone(s string) string {
	if s == "" {
		return none
	}
	return s
}

// isKnown reports whether a time says when something was made. Builders that want the same bytes every time write the
// zero time or the beginning of 1970.
func isKnown(t *time.Time) bool {
	return t != nil && t.Year() > 1970
}

// since returns how long ago a time was, in docker's words.
func since(t *time.Time, now time.Time) string {
	if !isKnown(t) {
		return unknown
	}
	return units.HumanDuration(now.Sub(*t)) + " ago"
}

func humanSize(n int64) string { return units.HumanSizeWithPrecision(float64(n), 3) }
