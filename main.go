// Imgtool works on container images offline: archives, layouts and layers, without a daemon and without a network.
package main

import (
	"os"

	"github.com/imgtool/imgtool/internal/command"
)

func main() {
	os.Exit(command.Main(os.Args[1:], command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Getenv))
}
