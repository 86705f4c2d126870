// Package command is the command line of imgtool: a table of verbs, one file a verb, and what all of them share:
// flags, help, hints, exit codes, progress, and how rows are printed.
//
// A verb is a word of the command line with what it takes; a call is one use of it. The package composes what other
// packages do and knows no format itself.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/imgtool/imgtool/compression"
)

// Streams are where a command reads from and writes to.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Main runs the command line args, which do not hold the program's name, and returns its exit code. SIGINT and SIGTERM
// end it with 130 and 143.
func Main(args []string, std Streams, env func(string) string) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	c := newCall(std, env)
	return finish(ctx, c, untilSignal(ctx, func() error { return run(ctx, c, args) }))
}

// finish writes the results of a call, or says why there are none, and returns the exit code.
func finish(ctx context.Context, c *call, err error) int {
	c.closeProgress()
	code, silent := silentExit(err)
	if s, ok := signalled(ctx); ok {
		err = &interruption{signal: s, err: err}
	} else if err == nil || silent {
		err = c.flush()
	}
	if err == nil {
		return code
	}
	if errors.Is(err, compression.ErrExpansion) {
		err = hintf(err, "if you trust it, let it expand with --max-expansion SIZE")
	}
	report(c.std.Err, c.verb, err)
	return exitCode(err)
}

// run finds the verb and calls it.
func run(ctx context.Context, c *call, args []string) error {
	front, verbName, rest, err := splitVerb(c.globals(), args)
	if err != nil {
		return hintf(err, "see 'imgtool --help'")
	}
	if front.version {
		verbName, rest = "version", nil
	}
	if verbName == "" {
		return printOverview(c.out)
	}
	v := findVerb(verbName)
	if v == nil {
		return unknownVerb(verbName)
	}
	if front.help {
		return printHelp(c.out, v)
	}
	c.verb = v.name
	err = invoke(ctx, c, v, append(front.words, rest...))
	if isUsage(err) {
		return hintf(err, "see 'imgtool %s --help'", v.name)
	}
	return err
}

// invoke takes the words behind the verb apart and has urfave/cli parse and run the verb. The library is given one command
// and canonical flags in front of "--", so that it needs no opinion on help, order and exit codes.
func invoke(ctx context.Context, c *call, v *verb, words []string) error {
	flags := slices.Concat(v.flags, c.globals())
	given, err := arrange(flags, words, v.command)
	if err != nil {
		return err
	}
	if given.help {
		return printHelp(c.out, v)
	}
	if v.command && len(given.args) > 1 && given.args[1] == "--" {
		given.args = slices.Delete(given.args, 1, 2)
	}
	app := &cli.App{
		Name: "imgtool", HideHelp: true, HideVersion: true, Writer: io.Discard, ErrWriter: io.Discard,
		ExitErrHandler: func(*cli.Context, error) {},
		Commands: []*cli.Command{{
			Name: v.name, HideHelp: true, Flags: cliFlags(flags),
			OnUsageError: func(_ *cli.Context, err error, _ bool) error { return flagError(err) },
			Action: func(cc *cli.Context) error {
				c.args = cc.Args().Slice()
				if err := v.checkArgs(c.args); err != nil {
					return err
				}
				if err := c.prepare(); err != nil {
					return err
				}
				return v.run(cc.Context, c)
			},
		}},
	}
	line := append([]string{"imgtool", v.name}, given.flags...)
	return app.RunContext(ctx, append(append(line, "--"), given.args...))
}

// checkArgs compares the number of arguments with what the verb takes.
func (v *verb) checkArgs(args []string) error {
	switch {
	case len(args) < v.min:
		return usagef("needs %s, got %s", atLeast(v), count(len(args), "argument"))
	case v.max >= 0 && len(args) > v.max && v.max == 0:
		return usagef("takes no arguments, got %q", args[0])
	case v.max >= 0 && len(args) > v.max:
		return usagef("takes at most %s, got %d (%q)", count(v.max, "argument"), len(args), args[v.max])
	case !v.hidden && !v.command && slices.Contains(args, ""): // of a variable that is not set; it means no place and no image
		return usagef("an argument is empty")
	}
	return nil
}

func atLeast(v *verb) string {
	if v.min == v.max {
		return count(v.min, "argument")
	}
	return "at least " + count(v.min, "argument")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
