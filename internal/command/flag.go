package command

import (
	"errors"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// A flag is an option of a verb, and the variable that it sets.
type flag struct {
	name   string   // the long name, without dashes
	short  string   // one letter, or ""
	value  any      // *bool, *string, *int, *[]string (given several times), or a [cli.Generic]
	arg    string   // what help calls the value; "" for a switch
	usage  string   // one line, without a period
	words  []string // the values there are, for completion
	hidden bool
}

// isSwitch reports whether the flag takes no value.
func (f flag) isSwitch() bool {
	_, ok := f.value.(*bool)
	return ok
}

// cliFlags translates flags for the library. They have no aliases: arrange has replaced those.
func cliFlags(flags []flag) []cli.Flag {
	var out []cli.Flag
	for _, f := range flags {
		if f.name == "" {
			f.name = f.short
		}
		if b, ok := f.value.(*bool); ok {
			out = append(out, &cli.BoolFlag{Name: f.name, Value: *b, Destination: b})
			continue
		}
		out = append(out, &cli.GenericFlag{Name: f.name, Value: generic(f.value)})
	}
	return out
}

// generic returns what sets a flag's variable.
func generic(value any) cli.Generic {
	switch v := value.(type) {
	case cli.Generic:
		return v
	case *string:
		return setter(func(s string) error { *v = s; return nil })
	case *[]string:
		return setter(func(s string) error { *v = append(*v, s); return nil })
	case *int:
		return setter(func(s string) (err error) {
			if *v, err = strconv.Atoi(s); err != nil {
				return errors.New("not a number")
			}
			return nil
		})
	}
	panic("command: a flag of a kind that is not known")
}

// setter is a function as a flag's value.
type setter func(string) error

func (s setter) Set(value string) error { return s(value) }

func (s setter) String() string { return "" }

// flagError makes the library's words ours.
func flagError(err error) error {
	return usageError{errors.New(strings.Replace(err.Error(), "for flag -", "for flag --", 1))}
}
