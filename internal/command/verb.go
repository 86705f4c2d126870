package command

import (
	"context"
	"slices"
)

// many, as the most arguments a verb takes, is no bound.
const many = -1

// A verb is one word of the command line: what it is called, what it takes, what it says of itself, what it does. Help,
// man pages and completion are made from it.
type verb struct {
	name     string
	aliases  []string
	group    string // the heading it stands under in the overview
	usage    string // what follows the verb's name in its usage line: "[OPTIONS] IMAGE…"
	summary  string // one line in the imperative, without a period, as docker's
	long     string // paragraphs, separated by empty lines
	examples []example
	exits    []int // exit codes besides 0, 1 and 2
	flags    []flag

	min, max int      // how many arguments; many for max is no bound
	complete argument // what its arguments are
	command  bool     // everything behind the first argument is a command's, flags too
	hidden   bool

	run func(ctx context.Context, c *call) error
}

// An example is a command line and what it is good for, in a sentence without its period.
type example struct{ what, line string }

// argument says what completion offers for arguments.
type argument int

const (
	nothing argument = iota
	files
	images
	places // images of the store, and files
	verbNames
	shells
)

// The headings of the overview, in this order.
const (
	groupMove   = "Moving images"
	groupStore  = "The store"
	groupInside = "Inside images"
	groupRun    = "Running"
	groupOther  = "Other"
)

// verbs returns the table of verbs in the order of the overview. Each call makes new ones: their flags point at
// variables of their own.
func verbs() []*verb {
	return []*verb{
		loadVerb(),
		saveVerb(),
		convertVerb(),
		imagesVerb(),
		tagVerb(),
		rmiVerb(),
		pruneVerb(),
		dfVerb(),
		historyVerb(),
		inspectVerb(),
		verifyVerb(),
		completionVerb(),
		completeVerb(),
		helpVerb(),
		versionVerb(),
	}
}

// findVerb returns the verb with a name or alias, or nil.
func findVerb(name string) *verb {
	for _, v := range verbs() {
		if v.name == name || slices.Contains(v.aliases, name) {
			return v
		}
	}
	return nil
}
