package command

import (
	"fmt"
	"io"
	"strconv"

	"github.com/docker/go-units"
)

// A dfRow is how much of the disk things of one kind take.
type dfRow struct {
	kind              string // "Images", "Containers"
	total, active     int
	size, reclaimable int64
}

// printDF writes the rows in their order, as --format says.
func printDF(w io.Writer, format string, rows []dfRow) error {
	l := listing{
		headings: row{"Type": "TYPE", "TotalCount": "TOTAL", "Active": "ACTIVE", "Size": "SIZE", "Reclaimable": "RECLAIMABLE"},
		table:    "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
	}
	cells := make([]row, len(rows))
	for i, r := range rows {
		reclaimable := units.HumanSize(float64(r.reclaimable))
		if r.size > 0 {
			reclaimable += fmt.Sprintf(" (%d%%)", r.reclaimable*100/r.size)
		}
		cells[i] = row{
			"Type": r.kind, "TotalCount": strconv.Itoa(r.total), "Active": strconv.Itoa(r.active),
			"Size": units.HumanSize(float64(r.size)), "Reclaimable": reclaimable,
		}
	}
	return l.write(w, format, cells)
}
