package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/command"
)

func TestPagesAreDeterministic(t *testing.T) {
	first, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	second, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, second); d != "" {
		t.Errorf("two runs differ (-first +second)\n%s", d)
	}
	for _, d := range command.Docs() {
		page := first["docs/man/imgtool-"+d.Name+".1"]
		for _, f := range d.Flags {
			if !strings.Contains(page, roff(strings.TrimSpace(f.Spelling()))) {
				t.Errorf("the page of %s lacks %s", d.Name, f.Spelling())
			}
		}
		if !strings.Contains(first["docs/cli.md"], "\n## "+d.Name+"\n") {
			t.Errorf("docs/cli.md lacks %s", d.Name)
		}
	}
}

func TestGenerateRemovesOldPages(t *testing.T) {
	root := t.TempDir()
	gone := filepath.Join(root, "docs/man/imgtool-gone.1")
	if err := os.MkdirAll(filepath.Dir(gone), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(gone, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := generate(root); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(gone); !os.IsNotExist(err) {
		t.Errorf("the page of a verb that is gone: %v", err)
	}
	for _, name := range []string{"docs/cli.md", "docs/man/imgtool.1", "docs/man/imgtool-version.1", "completions/imgtool.zsh"} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestRoff(t *testing.T) {
	for text, want := range map[string]string{
		`a-b\c`:           `a\-b\ec`,
		"it's ARG…":       `it\(aqs ARG\[u2026]`,
		".not a request":  `\&.not a request`,
		"x\n.y\n'not too": "x\n\\&.y\n\\(aqnot too",
	} {
		if got := roffLines(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestManualsFormat has groff read every page and wants no complaint.
func TestManualsFormat(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not here")
	}
	all, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range all {
		if filepath.Ext(name) != ".1" {
			continue
		}
		cmd := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z")
		cmd.Stdin = strings.NewReader(page)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
