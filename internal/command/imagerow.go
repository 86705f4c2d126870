package command

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
)

// An imageRow is a name of an image, or an image without one.
type imageRow struct {
	repository, tag string        // "" is shown as <none>
	digest          digest.Digest // of what the name points at
	id              digest.Digest
	created         *time.Time
	size            int64 // of its layers as stored
	usage           *imageUsage
}

// An imageUsage is what an image shares and needs, for df -v.
type imageUsage struct {
	shared, unique int64
	containers     int
}

// An imageListing says how images are listed.
type imageListing struct {
	format                  string // of --format
	noTrunc, quiet, digests bool
	usage                   bool // the table has sizes shared and unique
	now                     time.Time
}

// write prints the rows in their order.
func (l imageListing) write(w io.Writer, rows []imageRow) error {
	cells := make([]row, len(rows))
	for i, r := range rows {
		cells[i] = l.cells(r)
	}
	return listing{headings: imageHeadings(), table: l.table()}.write(w, l.template(), cells)
}

// template returns the --format with what -q and --digests make of it.
func (l imageListing) template() string {
	isTable := l.format == "" || l.format == "table"
	switch {
	case isTable && l.quiet:
		return "{{.ID}}"
	case !isTable && strings.HasPrefix(l.format, "table ") && l.digests && !strings.Contains(l.format, "{{.Digest}}"):
		return l.format + "\t{{.Digest}}"
	}
	return l.format
}

func (l imageListing) table() string {
	columns := []string{"{{.Repository}}", "{{.Tag}}"}
	if l.digests {
		columns = append(columns, "{{.Digest}}")
	}
	columns = append(columns, "{{.ID}}", "{{.CreatedSince}}", "{{.Size}}")
	if l.usage {
		columns = append(columns, "{{.SharedSize}}", "{{.UniqueSize}}", "{{.Containers}}")
	}
	return strings.Join(columns, "\t")
}

func imageHeadings() row {
	return row{
		"Repository": "REPOSITORY", "Tag": "TAG", "Digest": "DIGEST", "ID": "IMAGE ID", "CreatedSince": "CREATED",
		"CreatedAt": "CREATED AT", "Size": "SIZE", "SharedSize": "SHARED SIZE", "UniqueSize": "UNIQUE SIZE",
		"Containers": "CONTAINERS",
	}
}

func (l imageListing) cells(r imageRow) row {
	cells := row{
		"Repository": orNone(r.repository), "Tag": orNone(r.tag), "Digest": orNone(string(r.digest)),
		"ID": idText(r.id, l.noTrunc), "CreatedSince": since(r.created, l.now), "CreatedAt": unknown,
		"Size": humanSize(r.size), "SharedSize": unknown, "UniqueSize": unknown, "Containers": unknown,
	}
	if isKnown(r.created) {
		cells["CreatedAt"] = r.created.Local().Truncate(time.Second).String()
	}
	if r.usage != nil {
		cells["SharedSize"], cells["UniqueSize"] = humanSize(r.usage.shared), humanSize(r.usage.unique)
		cells["Containers"] = strconv.Itoa(r.usage.containers)
	}
	return cells
}
