package command

import (
	"fmt"
	"strings"
	"text/template"
	"unicode"

	"github.com/imgtool/imgtool/image"
)

// parseTemplate parses a --format template with docker's functions. A key that the data do not have is an error.
func parseTemplate(text string) (*template.Template, error) {
	t, err := template.New("").Option("missingkey=error").Funcs(templateFuncs()).Parse(text)
	if err != nil {
		return nil, usagef("flag --format: %w", err)
	}
	return t, nil
}

// templateFuncs are the functions that docker's templates have beside those of text/template.
func templateFuncs() template.FuncMap {
	return template.FuncMap{
		"json":     toJSON,
		"split":    strings.Split,
		"join":     joinAny,
		"title":    titleCase,
		"lower":    strings.ToLower,
		"upper":    strings.ToUpper,
		"pad":      pad,
		"truncate": truncate,
	}
}

// headerFuncs are the same functions for the line of headings, which none of them changes.
func headerFuncs() template.FuncMap {
	same := func(s string) string { return s }
	return template.FuncMap{
		"json": same, "title": same, "lower": same, "upper": same, "pad": pad,
		"split":    func(s, _ string) []string { return []string{s} },
		"join":     joinAny,
		"truncate": func(s string, _ int) string { return s },
	}
}

func toJSON(v any) (string, error) {
	raw, err := image.Encode(v)
	return string(raw), err
}

// joinAny joins a list of whatever comes out of a JSON document, or a single value.
func joinAny(list any, sep string) string {
	switch l := list.(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(l, sep)
	case []any:
		parts := make([]string, len(l))
		for i, v := range l {
			parts[i] = fmt.Sprint(v)
		}
		return strings.Join(parts, sep)
	}
	return fmt.Sprint(list)
}

// titleCase makes the first letter of each word a capital.
func titleCase(s string) string {
	inside := false
	return strings.Map(func(r rune) rune {
		first := !inside
		inside = unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '\''
		if first {
			return unicode.ToTitle(r)
		}
		return r
	}, s)
}

// pad puts spaces around what is not empty.
func pad(s string, before, behind int) string {
	if s == "" {
		return s
	}
	return strings.Repeat(" ", clamp(before)) + s + strings.Repeat(" ", clamp(behind))
}

func clamp(n int) int { return min(max(n, 0), maxLine) }

// truncate returns the first n characters.
func truncate(s string, n int) string {
	if runes := []rune(s); n >= 0 && len(runes) > n {
		return string(runes[:n])
	}
	return s
}

// ellipsis cuts s to n characters, the last of which is then "…".
func ellipsis(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}
