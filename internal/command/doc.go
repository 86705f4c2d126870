package command

import "slices"

// Doc is what a verb says of itself, for the pages that are made from the table of verbs.
type Doc struct {
	Name     string
	Aliases  []string
	Group    string // the heading that it stands under
	Usage    string // the whole usage line
	Summary  string // one sentence without its period
	Long     string // paragraphs, separated by empty lines
	Examples []ExampleDoc
	Exits    []ExitDoc
	Flags    []FlagDoc
}

// ExampleDoc is a command line, and what it does, in a sentence without its period.
type ExampleDoc struct{ What, Line string }

// ExitDoc is an exit code, and what it means.
type ExitDoc struct {
	Code    int
	Meaning string
}

// FlagDoc is an option.
type FlagDoc struct {
	Name, Short string // without dashes; one of them may be empty
	Arg         string // what the value is called; "" for a switch
	Usage       string
}

// Spelling returns the option as help shows it: "-f, --filter FILTER".
func (f FlagDoc) Spelling() string {
	s := "    --" + f.Name
	switch {
	case f.Name == "":
		s = "-" + f.Short
	case f.Short != "":
		s = "-" + f.Short + ", --" + f.Name
	}
	if f.Arg != "" {
		s += " " + f.Arg
	}
	return s
}

// Docs returns all verbs that are to be seen, in the order of the overview.
func Docs() []Doc {
	var docs []Doc
	for _, v := range verbs() {
		if !v.hidden {
			docs = append(docs, v.doc())
		}
	}
	return docs
}

// GlobalFlags returns the options that every verb takes.
func GlobalFlags() []FlagDoc {
	return append(flagDocs(newCall(Streams{}, nil).globals()), FlagDoc{Name: "help", Short: "h", Usage: "Show help"})
}

// ExitCodes returns what each exit code means.
func ExitCodes() []ExitDoc {
	var docs []ExitDoc
	for _, code := range []int{exitDone, exitFailed, exitUsage, exitNotFound, exitDamaged, exitMissing, 125, 126, 127, 130, 143} {
		docs = append(docs, ExitDoc{code, exitMeaning(code)})
	}
	return docs
}

func flagDocs(flags []flag) []FlagDoc {
	var docs []FlagDoc
	for _, f := range flags {
		if !f.hidden {
			docs = append(docs, FlagDoc{Name: f.name, Short: f.short, Arg: f.arg, Usage: f.usage})
		}
	}
	return docs
}

func (v *verb) doc() Doc {
	d := Doc{
		Name: v.name, Aliases: v.aliases, Group: v.group, Usage: "imgtool " + v.name, Summary: v.summary, Long: v.long,
		Flags: flagDocs(v.flags),
	}
	if v.usage != "" {
		d.Usage += " " + v.usage
	}
	for _, e := range v.examples {
		d.Examples = append(d.Examples, ExampleDoc{e.what, e.line})
	}
	codes := append([]int{exitDone, exitFailed, exitUsage}, v.exits...)
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		d.Exits = append(d.Exits, ExitDoc{code, exitMeaning(code)})
	}
	return d
}
