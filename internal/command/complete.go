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
	flags := c.globals()
	front, name, behind, err := splitVerb(flags, before)
	if err != nil {
		return c.offerValue(flags, before, last)
	}
	if name == "" {
		return c.offer(verbNames, last, flags)
	}
	v := findVerb(name)
	if v == nil {
		return nil
	}
	flags = slices.Concat(v.flags, flags)
	given, err := arrange(flags, behind, v.command)
	if err != nil {
		return c.offerValue(flags, behind, last)
	}
	for _, word := range append(front.words, given.flags...) {
		if dir, ok := strings.CutPrefix(word, "--store="); ok {
			c.store = dir
		}
	}
	switch {
	case v.command && len(given.args) > 0:
		return []string{fileMark}
	case slices.Contains(behind, "--"):
		flags = nil
	}
	return c.offer(v.complete, last, flags)
}

// fileMark asks the shell to complete names of files.
const fileMark = ":files"

// offerValue returns values of the flag that stands before the word, or nothing if no flag wants one there.
func (c *call) offerValue(flags []flag, before []string, last string) []string {
	flag := before[len(before)-1]
	for _, f := range flags {
		long := f.name != "" && flag == "--"+f.name
		short := f.short != "" && isFlag(flag) && flag[1] != '-' && strings.HasSuffix(flag, f.short)
		switch {
		case !long && !short:
		case len(f.words) == 0:
			return []string{fileMark}
		default:
			return withPrefix(f.words, last)
		}
	}
	return nil
}

// offer returns flags if the word begins as one, else what the arguments are.
func (c *call) offer(kind argument, last string, flags []flag) []string {
	if strings.HasPrefix(last, "-") && len(flags) > 0 {
		var all []string
		for _, f := range append(flagDocs(flags), FlagDoc{Name: "help", Usage: "Show help"}) {
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
