package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

func helpVerb() *verb {
	return &verb{
		name: "help", group: groupOther, usage: "[VERB]",
		summary: "Show what imgtool does, or what a verb takes",
		examples: []example{
			{"Show the verbs", "imgtool help"},
			{"Show what load takes", "imgtool help load"},
		},
		max: 1, complete: verbNames,
		run: func(_ context.Context, c *call) error {
			if len(c.args) == 0 {
				return printOverview(c.out)
			}
			v := findVerb(c.args[0])
			if v == nil {
				return unknownVerb(c.args[0])
			}
			return printHelp(c.out, v)
		},
	}
}

// printOverview writes the help of imgtool as a whole.
func printOverview(w io.Writer) error {
	fmt.Fprint(w, "Usage:  imgtool [OPTIONS] VERB [ARG…]\n\n")
	fmt.Fprint(w, "Works on container images offline: archives, layouts, layers. No daemon, no network.\n")
	for _, group := range []string{groupMove, groupStore, groupInside, groupRun, groupOther} {
		rows := [][2]string{}
		for _, v := range verbs() {
			if v.group == group && !v.hidden {
				rows = append(rows, [2]string{v.name, v.summary})
			}
		}
		if err := printSection(w, group, rows); err != nil {
			return err
		}
	}
	rows := append(flagRows(GlobalFlags()), [2]string{"-v, --version", "Show the version"})
	if err := printSection(w, "Options", rows); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, "\nSee 'imgtool help VERB' for what a verb takes, with examples.\n")
	return err
}

// printHelp writes the help of a verb.
func printHelp(w io.Writer, v *verb) error {
	d := v.doc()
	fmt.Fprintf(w, "Usage:  %s\n\n%s.\n", d.Usage, d.Summary)
	if d.Long != "" {
		fmt.Fprintf(w, "\n%s\n", wrap(d.Long))
	}
	if len(d.Aliases) > 0 {
		fmt.Fprintf(w, "\nAliases:\n  %s\n", strings.Join(append([]string{d.Name}, d.Aliases...), ", "))
	}
	if err := printSection(w, "Options", flagRows(d.Flags)); err != nil {
		return err
	}
	if err := printSection(w, "Options of every verb", flagRows(GlobalFlags())); err != nil {
		return err
	}
	for i, e := range d.Examples {
		if i == 0 {
			fmt.Fprint(w, "\nExamples:\n")
		} else {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "  # %s\n  %s\n", e.What, strings.ReplaceAll(e.Line, "\n", "\n  "))
	}
	rows := [][2]string{}
	for _, e := range d.Exits {
		rows = append(rows, [2]string{strconv.Itoa(e.Code), e.Meaning})
	}
	return printSection(w, "Exit codes", rows)
}

// helpWidth is how long the lines of paragraphs in help are at most.
const helpWidth = 80

// wrap breaks lines that are longer than helpWidth.
func wrap(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		column := 0
		for _, word := range strings.SplitAfter(line, " ") {
			n := len([]rune(word))
			if column > 0 && column+len([]rune(strings.TrimRight(word, " "))) > helpWidth {
				b.WriteByte('\n')
				column = 0
			}
			b.WriteString(word)
			column += n
		}
	}
	return strings.ReplaceAll(b.String(), " \n", "\n")
}

// printSection writes a heading and two aligned columns; nothing if there are no rows.
func printSection(w io.Writer, heading string, rows [][2]string) error {
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%s:\n", heading)
	tw := tabwriter.NewWriter(w, 0, 1, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(tw, "  %s\t%s\n", row[0], row[1])
	}
	return tw.Flush()
}

func flagRows(flags []FlagDoc) [][2]string {
	rows := [][2]string{}
	for _, f := range flags {
		rows = append(rows, [2]string{f.Spelling(), f.Usage})
	}
	return rows
}

// unknownVerb says that there is no such verb, and what may have been meant.
func unknownVerb(name string) error {
	err := error(usageError{fmt.Errorf("unknown command %q", name)})
	var names []string
	for _, v := range verbs() {
		if !v.hidden {
			names = append(append(names, v.name), v.aliases...)
		}
	}
	instead := elsewhere(name)
	if strings.Contains(instead, " ") {
		return hintf(err, "%s", instead)
	}
	if !slices.Contains(names, instead) {
		instead = nearest(name, names)
	}
	if instead != "" {
		return hintf(err, "did you mean %q?", instead)
	}
	return hintf(err, "see 'imgtool --help' for the verbs there are")
}
