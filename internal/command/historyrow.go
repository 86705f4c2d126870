package command

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
)

// A historyRow is one step of how an image came about.
type historyRow struct {
	id        digest.Digest // "" is shown as <missing>
	created   *time.Time
	createdBy string
	comment   string
	size      int64 // of its layer as stored; 0 for a step without one
}

// A historyListing says how history is listed.
type historyListing struct {
	format                string // of --format
	noTrunc, quiet, exact bool   // exact is --human=false: bytes and time stamps
	now                   time.Time
}

// createdByWidth is where docker cuts CREATED BY.
const createdByWidth = 45

// write prints the rows in their order, which is newest first.
func (l historyListing) write(w io.Writer, rows []historyRow) error {
	cells := make([]row, len(rows))
	for i, r := range rows {
		cells[i] = l.cells(r)
	}
	format := l.format
	if l.quiet && (format == "" || format == "table") {
		format = "{{.ID}}"
	}
	columns := []string{"{{.ID}}", "{{.CreatedSince}}", "{{.CreatedBy}}", "{{.Size}}", "{{.Comment}}"}
	return listing{headings: historyHeadings(), table: strings.Join(columns, "\t")}.write(w, format, cells)
}

func historyHeadings() row {
	return row{
		"ID": "IMAGE", "CreatedSince": "CREATED", "CreatedAt": "CREATED AT", "CreatedBy": "CREATED BY", "Size": "SIZE",
		"Comment": "COMMENT",
	}
}

func (l historyListing) cells(r historyRow) row {
	cells := row{
		"ID": missing, "CreatedSince": since(r.created, l.now), "CreatedAt": unknown, "CreatedBy": r.createdBy,
		"Size": humanSize(r.size), "Comment": r.comment,
	}
	if r.id != "" {
		cells["ID"] = idText(r.id, l.noTrunc)
	}
	if isKnown(r.created) {
		cells["CreatedAt"] = r.created.Local().Format(time.RFC3339)
	}
	if l.exact {
		cells["CreatedSince"], cells["Size"] = cells["CreatedAt"], strconv.FormatInt(r.size, 10)
	}
	if !l.noTrunc {
		cells["CreatedBy"] = ellipsis(cell(r.createdBy), createdByWidth)
	}
	return cells
}
