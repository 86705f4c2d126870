package command

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/imgtool/imgtool/image"
)

// version is set by the linker: -ldflags "-X github.com/imgtool/imgtool/internal/command.version=…".
var version string

func versionVerb() *verb {
	return &verb{
		name: "version", group: groupOther, usage: "[--json]",
		summary: "Show the version of imgtool",
		long:    "Prints the version, the Go release that built it, and the operating system and CPU that it was built for.",
		examples: []example{
			{"Show the version", "imgtool version"},
			{"Show it for a program", "imgtool version --json"},
		},
		run: func(_ context.Context, c *call) error { return printVersion(c) },
	}
}

// build is what imgtool says of itself.
type build struct {
	Version string
	Go      string
	Os      string
	Arch    string
}

func thisBuild() build {
	b := build{version, runtime.Version(), runtime.GOOS, runtime.GOARCH}
	if b.Version == "" {
		if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "(devel)" {
			b.Version = bi.Main.Version
		}
	}
	b.Version = cmp.Or(b.Version, "unknown")
	return b
}

func printVersion(c *call) error {
	b := thisBuild()
	if !c.json {
		_, err := fmt.Fprintf(c.out, "imgtool %s (%s, %s/%s)\n", b.Version, b.Go, b.Os, b.Arch)
		return err
	}
	raw, err := image.Encode(b)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s\n", raw)
	return err
}
