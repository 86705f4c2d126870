package main

import (
	"fmt"
	"strings"

	"github.com/imgtool/imgtool/internal/command"
)

// reference returns docs/cli.md: every verb with its options, examples and exit codes.
func reference(docs []command.Doc) string {
	var b strings.Builder
	b.WriteString("# imgtool on the command line\n\n" +
		"Made from the program's own table of verbs by `go run ./internal/docgen`; change it there.\n\n" +
		"| verb | what it does |\n|---|---|\n")
	for _, d := range docs {
		fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", d.Name, d.Name, escapeCell(d.Summary))
	}
	b.WriteString("\nOptions of every verb:\n\n")
	writeFlags(&b, command.GlobalFlags())
	for _, d := range docs {
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n```\n\n%s.\n", d.Name, d.Usage, d.Summary)
		if d.Long != "" {
			fmt.Fprintf(&b, "\n%s\n", d.Long)
		}
		if len(d.Aliases) > 0 {
			fmt.Fprintf(&b, "\nAlso called `%s`.\n", strings.Join(d.Aliases, "`, `"))
		}
		if len(d.Flags) > 0 {
			b.WriteString("\n")
			writeFlags(&b, d.Flags)
		}
		for _, e := range d.Examples {
			fmt.Fprintf(&b, "\n%s:\n\n```sh\n%s\n```\n", e.What, e.Line)
		}
		b.WriteString("\n| exit code | meaning |\n|---|---|\n")
		for _, e := range d.Exits {
			fmt.Fprintf(&b, "| %d | %s |\n", e.Code, escapeCell(e.Meaning))
		}
	}
	return b.String()
}

func writeFlags(b *strings.Builder, flags []command.FlagDoc) {
	b.WriteString("| option | |\n|---|---|\n")
	for _, f := range flags {
		fmt.Fprintf(b, "| `%s` | %s |\n", escapeCell(strings.TrimSpace(f.Spelling())), escapeCell(f.Usage))
	}
}

func escapeCell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
