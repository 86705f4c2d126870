package command

import (
	"context"
	"embed"
	"fmt"
)

// The scripts ask the program for every word, so they need not change when verbs do.
//
//go:embed completion
var scripts embed.FS

// CompletionShells are the shells that there is completion for.
func CompletionShells() []string { return []string{"bash", "fish", "zsh"} }

// CompletionScript returns the script that gives a shell completion for imgtool.
func CompletionScript(shell string) (string, error) {
	raw, err := scripts.ReadFile("completion/imgtool." + shell)
	if err != nil {
		return "", usagef("no completion for %q: there are bash, fish and zsh", shell)
	}
	return string(raw), nil
}

func completionVerb() *verb {
	return &verb{
		name: "completion", group: groupOther, usage: "bash|fish|zsh",
		summary: "Print the completion script of a shell",
		long: "The script completes verbs, options, files and the names of the images in the store.\n\n" +
			"bash reads it from ~/.local/share/bash-completion/completions/imgtool, fish from\n" +
			"~/.config/fish/completions/imgtool.fish, zsh from _imgtool in a directory of $fpath.",
		examples: []example{
			{"Complete in this bash", "source <(imgtool completion bash)"},
			{"Complete in every fish", "imgtool completion fish > ~/.config/fish/completions/imgtool.fish"},
		},
		min: 1, max: 1, complete: shells,
		run: func(_ context.Context, c *call) error {
			script, err := CompletionScript(c.args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.out, script)
			return err
		},
	}
}
