package layout

import (
	"os"

	"golang.org/x/sys/unix"
)

// startSync lets the kernel begin to write a file to the disk. It is a hint: what fails here fails in the sync again.
func startSync(f *os.File) {
	_ = unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
}
