// Package atomicfile makes files that appear under their name whole or not at all.
//
// A file is written where nobody sees it, in the directory it will stand in, and [File.Commit] gives it its name. On
// Linux it has no name until then (O_TMPFILE), so that even a killed process leaves nothing behind. Where the file
// system has no nameless files it is called .NAME.imgtool-RANDOM and locked; a killed process leaves it there, and the
// next [Create] in that directory removes it, because its lock is free.
//
// What is not promised: that the content reaches a device or pipe as a whole (these are written as bytes come), that
// owner, mode or attributes of a file that is replaced live on, or that names it has as hard links change with it.
package atomicfile
