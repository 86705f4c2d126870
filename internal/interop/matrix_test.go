package interop

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"text/tabwriter"
)

// matrix is what came out of each case: a sign for each origin, by peer and form.
type matrix struct {
	mu    sync.Mutex
	signs map[[2]string][]byte
}

// The signs of a matrix.
const (
	same    = '='
	partly  = '~'
	refused = '-'
	failed  = '!'
)

// set notes a case's outcome; a case that fails has no other.
func (m *matrix) set(peer, form, origin string, sign byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{peer, form}
	if m.signs == nil {
		m.signs = map[[2]string][]byte{}
	}
	if m.signs[key] == nil {
		m.signs[key] = bytes.Repeat([]byte(" "), len(origins))
	}
	for i, from := range origins {
		if from.name == origin {
			m.signs[key][i] = sign
		}
	}
}

// write prints the matrix into a file, which run.sh shows.
func (m *matrix) write(t *testing.T, l lab, all []peer) {
	t.Helper()
	var out bytes.Buffer
	fmt.Fprintf(&out, "A sign for each of:")
	for _, from := range origins {
		fmt.Fprintf(&out, " %s (%s);", from.name, from.archive)
	}
	fmt.Fprintf(&out, "\n%c the same, %c kept in part as known, %c refused as known, %c wrong\n", same, partly, refused, failed)
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for _, f := range forms {
		fmt.Fprintf(table, "\t%s", f.name)
	}
	fmt.Fprintln(table)
	for _, p := range all {
		fmt.Fprint(table, p.name)
		for _, f := range forms {
			fmt.Fprintf(table, "\t%s", m.signs[[2]string{p.name, f.name}])
		}
		fmt.Fprintln(table)
	}
	if err := table.Flush(); err != nil {
		t.Error(err)
	}
	for _, limit := range limits {
		fmt.Fprintf(&out, "%v: %s\n", limit.peers, limit.reason)
	}
	if err := os.WriteFile(filepath.Join(l.run, "matrix"), out.Bytes(), 0o600); err != nil {
		t.Error(err)
	}
}
