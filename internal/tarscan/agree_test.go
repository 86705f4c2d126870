package tarscan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/tarscan"
)

// scanBoth reads two scanners of the same archive to their end.
func scanBoth(t *testing.T, stream, random *tarscan.Scanner) ([]*tarscan.Header, error) {
	t.Helper()
	var all []*tarscan.Header
	for {
		a, errA := stream.Next()
		b, errB := random.Next()
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("entry %d: stream and random access differ (-stream +random):\n%s", len(all), diff)
		}
		if message(errA) != message(errB) {
			t.Fatalf("entry %d: stream says %v, random access %v", len(all), errA, errB)
		}
		if stream.Offset() != random.Offset() {
			t.Fatalf("entry %d: stream is at %d, random access at %d", len(all), stream.Offset(), random.Offset())
		}
		if errA != nil {
			return all, errA
		}
		all = append(all, a)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
