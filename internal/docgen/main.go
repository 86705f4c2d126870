// Docgen writes the pages that come from the table of verbs: manual pages, the reference docs/cli.md, and the scripts
// for completion. Run it with "go run ./internal/docgen" at the top of the repository; the same table gives the same
// bytes, and pages of verbs that are gone are removed.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/imgtool/imgtool/internal/command"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := generate(root); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

// generate writes all pages below the directory root.
func generate(root string) error {
	pages, err := pages()
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(root, "docs/man/imgtool*.1"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(pages[name]), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pages returns the content of each page by its path in the repository.
func pages() (map[string]string, error) {
	docs := command.Docs()
	all := map[string]string{
		"docs/cli.md":        reference(docs),
		"docs/man/imgtool.1": manual(docs),
	}
	for _, d := range docs {
		all["docs/man/imgtool-"+d.Name+".1"] = verbManual(d)
	}
	for _, shell := range command.CompletionShells() {
		script, err := command.CompletionScript(shell)
		if err != nil {
			return nil, err
		}
		all["completions/imgtool."+shell] = script
	}
	return all, nil
}
