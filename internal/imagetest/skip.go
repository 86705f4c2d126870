package imagetest

import (
	"os"
	"testing"
)

// Skip skips a test for what this machine lacks, and fails it where IMGTOOL_CI=1 says that nothing may be skipped.
func Skip(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("IMGTOOL_CI") == "1" {
		t.Fatalf("nothing is skipped with IMGTOOL_CI=1: %s", why)
	}
	t.Skip(why)
}

// Fixtures returns the directory of large real archives, $IMGTOOL_FIXTURES. It skips the test where there is none.
func Fixtures(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("IMGTOOL_FIXTURES")
	if dir == "" {
		t.Skip("IMGTOOL_FIXTURES is not set")
	}
	return dir
}

// Full reports whether tests that sample by default are to try every case: IMGTOOL_FULL=1, as the nightly checks do.
func Full() bool { return os.Getenv("IMGTOOL_FULL") == "1" }
