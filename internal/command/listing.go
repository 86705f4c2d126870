package command

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"text/template"
)

// A row is one line of a listing: docker's keys and their values as text.
type row map[string]string

// A listing is how rows of one kind are printed: as a table, as JSON, or as a template says.
type listing struct {
	headings row    // of every key
	table    string // the template of the table that is printed without --format
}

// jsonFormat is the --format that prints one object a line.
const jsonFormat = "json"

// write prints rows as --format says: "" or "table" is the listing's own table, "table TEMPLATE" another one, "json" an
// object a line, and anything else is the template of a line.
func (l listing) write(w io.Writer, format string, rows []row) error {
	if format == jsonFormat || format == "{{json .}}" {
		return printJSON(w, rows)
	}
	text, isTable := strings.CutPrefix(format, "table")
	switch {
	case format == "" || isTable && strings.TrimSpace(text) == "":
		text, isTable = l.table, true
	case isTable:
		text = strings.Trim(text, " ")
	}
	t, err := parseTemplate(strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(text))
	if err != nil {
		return err
	}
	if err := l.tryTemplate(t); err != nil {
		return err
	}
	if !isTable {
		return executeLines(w, t, rows)
	}
	return l.printTable(w, t, rows)
}

func printJSON(w io.Writer, rows []row) error {
	for _, r := range rows {
		line, err := toJSON(r)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// tryTemplate finds keys that there are not even if there are no rows.
func (l listing) tryTemplate(t *template.Template) error {
	if err := t.Execute(io.Discard, l.headings); err != nil {
		keys := slices.Sorted(maps.Keys(l.headings))
		return hintf(usagef("flag --format: %w", err), "the keys are %s", strings.Join(keys, ", "))
	}
	return nil
}

func executeLines(w io.Writer, t *template.Template, rows []row) error {
	for _, r := range rows {
		var line bytes.Buffer
		if err := t.Execute(&line, r); err != nil {
			return usagef("flag --format: %w", err)
		}
		line.WriteByte('\n')
		if _, err := w.Write(line.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// printTable aligns columns as docker does. Cells are made to fit a line of a terminal.
func (l listing) printTable(w io.Writer, t *template.Template, rows []row) error {
	head, err := t.Clone()
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(w, 10, 1, 3, ' ', 0)
	if err := executeLines(tw, head.Funcs(headerFuncs()), []row{l.headings}); err != nil {
		return err
	}
	flat := make([]row, len(rows))
	for i, r := range rows {
		flat[i] = row{}
		for key, value := range r {
			flat[i][key] = cell(value)
		}
	}
	if err := executeLines(tw, t, flat); err != nil {
		return err
	}
	return tw.Flush()
}

// cell returns a value without what would break a table or command a terminal.
func cell(value string) string {
	return printable(strings.NewReplacer("\t", " ", "\r\n", " ", "\n", " ").Replace(value))
}
