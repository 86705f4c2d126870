package command

import (
	"slices"
	"strings"
	"testing"
)

// TestVerbs holds every verb of the table to what help, pages and completion are made from.
func TestVerbs(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range verbs() {
		t.Run(v.name, func(t *testing.T) {
			for _, name := range append([]string{v.name}, v.aliases...) {
				if seen[name] || elsewhere(name) != "" {
					t.Errorf("the name %q stands twice", name)
				}
				seen[name] = true
			}
			checkFlags(t, append(v.flags, newCall(Streams{}, nil).globals()...))
			if v.hidden {
				return
			}
			if !slices.Contains([]string{groupMove, groupStore, groupInside, groupRun, groupOther}, v.group) {
				t.Errorf("group %q is no heading of the overview", v.group)
			}
			checkSentence(t, v.summary)
			if len(v.examples) < 2 {
				t.Errorf("%d examples, want 2", len(v.examples))
			}
			for _, e := range v.examples {
				checkExample(t, v, e)
			}
			for _, code := range v.exits {
				if exitMeaning(code) == "" {
					t.Errorf("exit code %d has no meaning", code)
				}
			}
		})
	}
}

func checkFlags(t *testing.T, flags []flag) {
	t.Helper()
	cliFlags(flags) // panics if one is of an unknown kind
	seen := map[string]bool{"help": true}
	for _, f := range flags {
		for _, name := range []string{f.name, f.short} {
			if name != "" && seen[name] {
				t.Errorf("flag %q stands twice", name)
			}
			seen[name] = true
		}
		if len(f.short) > 1 || f.name == "" && f.short == "" {
			t.Errorf("flag --%s: short name %q", f.name, f.short)
		}
		if f.isSwitch() != (f.arg == "") {
			t.Errorf("flag --%s -%s: its value is called %q", f.name, f.short, f.arg)
		}
		checkSentence(t, f.usage)
	}
}

// checkSentence wants a line that begins with a capital and has no period.
func checkSentence(t *testing.T, s string) {
	t.Helper()
	if s == "" || strings.ContainsAny(s, "\n\t") || strings.HasSuffix(s, ".") || s[:1] != strings.ToUpper(s[:1]) {
		t.Errorf("%q is no line of help", s)
	}
}

// checkExample parses the example, unless it is more than one plain command.
func checkExample(t *testing.T, v *verb, e example) {
	t.Helper()
	checkSentence(t, e.what)
	if !strings.Contains(e.line, "imgtool "+v.name) {
		t.Errorf("an example of another verb: %q", e.line)
	}
	if strings.ContainsAny(e.line, "|<>'\"$\\;&(\n") {
		return
	}
	line, ok := strings.CutPrefix(e.line, "imgtool "+v.name)
	if !ok {
		return
	}
	given, err := arrange(append(v.flags, newCall(Streams{}, nil).globals()...), strings.Fields(line), v.command)
	if err == nil && !given.help {
		err = v.checkArgs(given.args)
	}
	if err != nil {
		t.Errorf("example %q: %v", e.line, err)
	}
}
