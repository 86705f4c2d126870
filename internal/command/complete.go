package command

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/imgtool/imgtool/image"
)

// completeVerb is what the completion scripts call with the words so far; the last is the one to complete. It prints a
// candidate a line, a tab and what it means, and ":files" where files fit.
func completeVerb() *verb {
	return &verb{
		name: "__complete", usage: "-- WORD…", summary: "Print what could stand in the place of the last word",
		min: 0, max: many, hidden: true,
		run: func(_ context.Context, c *call) error {
			for _, found := range c.candidates(c.args) {
				if _, err := fmt.Fprintln(c.out, found); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// candidates returns the lines for the last of the words.
func (c *call) candidates(line []string) []string {
	if len(line) == 0 {
		line = []string{""}
	}
	before, last := line[:len(line)-1], line[len(line)-1]
	globals := c.globals()
	_, name, behind, err := splitVerb(globals, before)
	v := findVerb(name)
	if name == "" || v == nil {
		return c.offer(verbNames, last, flagDocs(globals), name == "" && err == nil)
	}
	flags := append(v.flags, globals...)
	if f, ok := awaiting(flags, behind); ok {
		return c.offerValues(f, last)
	}
	if w, err := arrange(flags, behind, v.command); err == nil && v.command && len(w.args) > 0 {
		return []string{fileMark}
	}
	return c.offer(v.complete, last, flagDocs(flags), !slices.Contains(behind, "--"))
}

// fileMark asks the shell to complete names of files.
const fileMark = ":files"

// awaiting returns the flag whose value the next word is.
func awaiting(flags []flag, line []string) (flag, bool) {
	if len(line) == 0 {
		return flag{}, false
	}
	if _, err := arrange(flags, line, false); err == nil {
		return flag{}, false
	}
	last := line[len(line)-1]
	for _, f := range flags {
		if last == "--"+f.name || isFlag(last) && last[1] != '-' && f.short != "" && strings.HasSuffix(last, f.short) {
			return f, true
		}
	}
	return flag{}, false
}

func (c *call) offerValues(f flag, last string) []string {
	if len(f.words) == 0 {
		return []string{fileMark}
	}
	return withPrefix(f.words, last)
}

// offer returns flags if the word begins as one and they may stand here, else arguments.
func (c *call) offer(kind argument, last string, flags []FlagDoc, flagsToo bool) []string {
	if strings.HasPrefix(last, "-") && flagsToo {
		var all []string
		for _, f := range append(flags, FlagDoc{Name: "help", Usage: "Show help"}) {
			if f.Name != "" {
				all = append(all, "--"+f.Name+"\t"+f.Usage)
			}
		}
		return withPrefix(all, last)
	}
	switch kind {
	case verbNames:
		var all []string
		for _, d := range Docs() {
			all = append(all, d.Name+"\t"+d.Summary)
		}
		return withPrefix(all, last)
	case shells:
		return withPrefix(CompletionShells(), last)
	case files:
		return []string{fileMark}
	case images:
		return withPrefix(c.storeNames(), last)
	case places:
		return append(withPrefix(c.storeNames(), last), fileMark)
	case nothing:
	}
	return nil
}

func withPrefix(all []string, prefix string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, prefix) })
}

// storeNames returns the names of the images in the store, sorted; none if there is no store that can be read. It reads
// the layout's index alone, to be quick.
func (c *call) storeNames() []string {
	raw, err := readBounded(filepath.Join(c.store, "index.json"), image.MaxDocument)
	if err != nil {
		return nil
	}
	var index struct{ Manifests []image.Descriptor }
	if image.Decode(raw, &index) != nil {
		return nil
	}
	var names []string
	for _, d := range index.Manifests {
		if ref := image.ReferenceOf(d.Annotations); ref != "" {
			names = append(names, ref.Familiar())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
