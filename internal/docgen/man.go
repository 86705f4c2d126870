package main

import (
	"fmt"
	"strings"

	"github.com/imgtool/imgtool/internal/command"
)

// manual returns imgtool(1), the page of the program as a whole.
func manual(docs []command.Doc) string {
	var b strings.Builder
	head(&b, "imgtool", "works on container images offline")
	b.WriteString(".SH SYNOPSIS\n\\fBimgtool\\fR [OPTIONS] VERB [ARG\\[u2026]]\n" +
		".SH DESCRIPTION\nArchives, layouts and layers of container images, without a daemon and without a network.\n")
	group := ""
	for _, d := range docs {
		if d.Group != group {
			group = d.Group
			fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(roff(group)))
		}
		fmt.Fprintf(&b, ".TP\n\\fBimgtool-%s\\fR(1)\n%s.\n", roff(d.Name), roff(d.Summary))
	}
	manFlags(&b, "OPTIONS", command.GlobalFlags())
	manFlags(&b, "", []command.FlagDoc{{Name: "version", Short: "v", Usage: "Show the version"}})
	manExits(&b, command.ExitCodes())
	b.WriteString(".SH ENVIRONMENT\n" +
		".TP\n\\fBIMGTOOL_STORE\\fR\nDirectory of the store.\n" +
		".TP\n\\fBXDG_DATA_HOME\\fR\nWithout IMGTOOL_STORE the store is imgtool in this directory, else in ~/.local/share.\n" +
		".TP\n\\fBSOURCE_DATE_EPOCH\\fR\nSeconds since 1970, for times that would otherwise be those of the clock.\n" +
		".TP\n\\fBTMPDIR\\fR\nWhere temporary files lie that belong neither to the store nor beside an output.\n")
	return b.String()
}

// verbManual returns the page of a verb.
func verbManual(d command.Doc) string {
	var b strings.Builder
	head(&b, "imgtool-"+d.Name, lowerFirst(d.Summary))
	line := strings.TrimPrefix(d.Usage, "imgtool "+d.Name)
	fmt.Fprintf(&b, ".SH SYNOPSIS\n\\fBimgtool %s\\fR%s\n", roff(d.Name), roff(line))
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s.\n", roff(d.Summary))
	if d.Long != "" {
		for paragraph := range strings.SplitSeq(d.Long, "\n\n") {
			fmt.Fprintf(&b, ".PP\n%s\n", roffLines(paragraph))
		}
	}
	if len(d.Aliases) > 0 {
		fmt.Fprintf(&b, ".PP\nAlso called \\fB%s\\fR.\n", roff(strings.Join(d.Aliases, ", ")))
	}
	if len(d.Flags) > 0 {
		manFlags(&b, "OPTIONS", d.Flags)
	}
	manFlags(&b, "OPTIONS OF EVERY VERB", command.GlobalFlags())
	b.WriteString(".SH EXAMPLES\n")
	for _, e := range d.Examples {
		fmt.Fprintf(&b, "%s:\n.PP\n.RS 4\n.nf\n%s\n.fi\n.RE\n.PP\n", roff(e.What), roffLines(e.Line))
	}
	manExits(&b, d.Exits)
	b.WriteString(".SH SEE ALSO\n\\fBimgtool\\fR(1)\n")
	return b.String()
}

// head begins a page. It bears no date: the same table gives the same bytes.
func head(b *strings.Builder, name, what string) {
	fmt.Fprintf(b, ".\\\" Made by internal/docgen from the table of verbs; change it there.\n"+
		".TH \"%s\" \"1\" \"\" \"imgtool\" \"imgtool manual\"\n.SH NAME\n%s \\- %s\n", strings.ToUpper(name), roff(name), roff(what))
}

func manFlags(b *strings.Builder, heading string, flags []command.FlagDoc) {
	if heading != "" {
		fmt.Fprintf(b, ".SH %s\n", heading)
	}
	for _, f := range flags {
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR\n%s.\n", roff(strings.TrimSpace(f.Spelling())), roff(f.Usage))
	}
}

func manExits(b *strings.Builder, exits []command.ExitDoc) {
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range exits {
		fmt.Fprintf(b, ".TP\n\\fB%d\\fR\n%s.\n", e.Code, roff(e.Meaning))
	}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// roff escapes text for groff: backslashes, hyphens that are to stay hyphens, and letters beyond ASCII.
func roff(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r > 126:
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// roffLines escapes several lines; none of them is taken for a request.
func roffLines(s string) string {
	lines := strings.Split(roff(s), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
