package command

import (
	"slices"
	"strconv"
	"strings"
)

// words are the words behind a verb, taken apart.
type words struct {
	flags []string // each as --name=value
	args  []string
	help  bool // --help or -h stood among them
}

// arrange takes a command line apart as docker's users write it: flags before and behind arguments, short ones
// combined (-qa), values with or without "=". Behind "--" everything is an argument, and with command everything behind
// the first argument is, too, as it stands.
func arrange(flags []flag, line []string, command bool) (words, error) {
	var w words
	for len(line) > 0 {
		word := line[0]
		line = line[1:]
		if word == "--" {
			w.args = append(w.args, line...)
			break
		}
		if !isFlag(word) {
			w.args = append(w.args, word)
			if command {
				w.args = append(w.args, line...)
				break
			}
			continue
		}
		var err error
		if line, err = w.take(flags, word, line); err != nil {
			return words{}, err
		}
	}
	return w, nil
}

func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// take adds the flag or flags of one word, with a value from the next word if there is need, and returns the words
// that are left.
func (w *words) take(flags []flag, word string, line []string) ([]string, error) {
	if name, ok := strings.CutPrefix(word, "--"); ok {
		name, value, has := strings.Cut(name, "=")
		if name == "help" {
			w.help = true
			return line, nil
		}
		i := slices.IndexFunc(flags, func(f flag) bool { return f.name != "" && f.name == name })
		if i < 0 {
			return nil, unknownFlag(flags, "--"+name)
		}
		return w.add(flags[i], "--"+name, value, has, line)
	}
	for letters := word[1:]; letters != ""; {
		letter, rest := letters[:1], letters[1:]
		i := slices.IndexFunc(flags, func(f flag) bool { return f.short != "" && f.short == letter })
		switch {
		case i < 0 && letter == "h":
			w.help = true
			letters = rest
			continue
		case i < 0 && len(word) > 2 && !isLetter(letter):
			return nil, unknownFlag(flags, word)
		case i < 0:
			return nil, unknownFlag(flags, "-"+letter)
		case flags[i].isSwitch() && !strings.HasPrefix(rest, "="):
			w.flags = append(w.flags, canonical(flags[i], "true"))
			letters = rest
			continue
		}
		value, has := strings.CutPrefix(rest, "=")
		return w.add(flags[i], "-"+letter, value, has || rest != "", line)
	}
	return line, nil
}

func isLetter(s string) bool {
	return s >= "a" && s <= "z" || s >= "A" && s <= "Z"
}

// add adds a flag that was written as given; without a value of its own it takes the next word, unless it is a switch.
func (w *words) add(f flag, given, value string, has bool, line []string) ([]string, error) {
	if !has && f.isSwitch() {
		value, has = "true", true
	}
	if !has {
		if len(line) == 0 {
			return nil, usagef("flag %s needs a value: %s %s", given, given, f.arg)
		}
		value, line = line[0], line[1:]
	}
	if f.isSwitch() {
		if _, err := strconv.ParseBool(value); err != nil {
			return nil, usagef("flag %s is a switch and takes no value but true or false, got %q", given, value)
		}
	}
	w.flags = append(w.flags, canonical(f, value))
	return line, nil
}

func canonical(f flag, value string) string {
	if f.name == "" {
		return "-" + f.short + "=" + value
	}
	return "--" + f.name + "=" + value
}

func unknownFlag(flags []flag, given string) error {
	var names []string
	for _, f := range flags {
		if !f.hidden && f.name != "" {
			names = append(names, "--"+f.name)
		}
	}
	err := usagef("unknown flag %s", printable(given))
	if near := nearest(given, names); near != "" && strings.HasPrefix(given, "--") {
		return hintf(err, "did you mean %s?", near)
	}
	return err
}

// front is what stands before the verb.
type front struct {
	words         []string // global flags
	help, version bool
}

// splitVerb finds the verb, the first word that is neither a global flag nor the value of one, and what stands behind it.
func splitVerb(globals []flag, args []string) (f front, name string, behind []string, err error) {
	version := flag{name: "version", short: "v", value: new(bool)}
	w, err := arrange(append(globals, version), args, true)
	if err != nil {
		return front{}, "", nil, err
	}
	f.help = w.help
	for _, word := range w.flags {
		if strings.HasPrefix(word, "--version=") {
			f.version = word == "--version=true"
			continue
		}
		f.words = append(f.words, word)
	}
	if len(w.args) == 0 {
		return f, "", nil, nil
	}
	return f, w.args[0], w.args[1:], nil
}
