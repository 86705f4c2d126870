package command

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	idA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	idB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func day(n int) *time.Time {
	t := time.Date(2024, 3, n, 12, 0, 0, 0, time.UTC)
	return &t
}

func imageRows() []imageRow {
	epoch := time.Unix(0, 0)
	return []imageRow{
		{repository: "registry.example.com/a/long/name", tag: "v1", digest: idB, id: idA, created: day(1), size: 1_234_567_890},
		{id: idB, created: &epoch, size: 12},
		{repository: "busybox", tag: "latest", id: idB, size: 4_260_000, usage: &imageUsage{shared: 1000, unique: 4_259_000, containers: 2}},
	}
}

func TestImageListing(t *testing.T) {
	tests := []struct {
		name    string
		listing imageListing
		rows    []imageRow
		want    string
	}{
		{"table", imageListing{}, imageRows(), `
REPOSITORY                         TAG       IMAGE ID       CREATED       SIZE
registry.example.com/a/long/name   v1        aaaaaaaaaaaa   2 weeks ago   1.23GB
<none>                             <none>    bbbbbbbbbbbb   N/A           12B
busybox                            latest    bbbbbbbbbbbb   N/A           4.26MB
`},
		{"no rows", imageListing{format: "table"}, nil, "\nREPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n"},
		{"digests, whole IDs", imageListing{digests: true, noTrunc: true}, imageRows()[:1], `
REPOSITORY                         TAG       DIGEST                                                                    IMAGE ID                                                                  CREATED       SIZE
registry.example.com/a/long/name   v1        ` + idB + `   ` + idA + `   2 weeks ago   1.23GB
`},
		{"quiet", imageListing{quiet: true}, imageRows()[:2], "\naaaaaaaaaaaa\nbbbbbbbbbbbb\n"},
		{"quiet, whole IDs", imageListing{quiet: true, noTrunc: true}, imageRows()[:1], "\n" + idA + "\n"},
		{"template", imageListing{format: `{{.Repository}}:{{upper .Tag}}\t{{json .Size}}`}, imageRows()[:1], "\nregistry.example.com/a/long/name:V1\t\"1.23GB\"\n"},
		{"a template wins over quiet", imageListing{format: "{{.Tag}}", quiet: true}, imageRows()[:1], "\nv1\n"},
		{"table template", imageListing{format: `table {{.ID}}\t{{lower .CreatedAt}}`}, imageRows()[:2], `
IMAGE ID       CREATED AT
aaaaaaaaaaaa   2024-03-01 12:00:00 +0000 utc
bbbbbbbbbbbb   n/a
`},
		{"table template with digests", imageListing{format: "table {{.Tag}}", digests: true}, imageRows()[:1], "\nTAG       DIGEST\nv1        " + idB + "\n"},
		{"usage", imageListing{usage: true}, imageRows()[2:], `
REPOSITORY   TAG       IMAGE ID       CREATED   SIZE      SHARED SIZE   UNIQUE SIZE   CONTAINERS
busybox      latest    bbbbbbbbbbbb   N/A       4.26MB    1kB           4.26MB        2
`},
		{"Spec18 json has docker's keys", imageListing{format: "json"}, imageRows()[:1], `
{"Containers":"N/A","CreatedAt":"2024-03-01 12:00:00 +0000 UTC","CreatedSince":"2 weeks ago","Digest":"` + idB + `","ID":"aaaaaaaaaaaa","Repository":"registry.example.com/a/long/name","SharedSize":"N/A","Size":"1.23GB","Tag":"v1","UniqueSize":"N/A"}
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inUTC(t)
			tt.listing.now = *day(15)
			var b strings.Builder
			if err := tt.listing.write(&b, tt.rows); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, "\n"+b.String()); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// inUTC runs a test as if the machine's clock showed UTC.
func inUTC(t *testing.T) {
	t.Helper()
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
}

func TestHistoryListing(t *testing.T) {
	rows := []historyRow{
		{id: idA, created: day(14), createdBy: "/bin/sh -c #(nop)  CMD [\"sh\"]", comment: "say\x1b[2J"},
		{created: day(1), createdBy: "RUN <<EOT\n\tapt-get update && apt-get install -y everything\nEOT", size: 72_800_000},
	}
	tests := []struct {
		name    string
		listing historyListing
		want    string
	}{
		//nolint:dupword // two columns of docker's
		{"table", historyListing{}, `
IMAGE          CREATED        CREATED BY                                      SIZE      COMMENT
aaaaaaaaaaaa   24 hours ago   /bin/sh -c #(nop)  CMD ["sh"]                   0B        say\x1b[2J
<missing>      2 weeks ago    RUN <<EOT  apt-get update && apt-get install…   72.8MB    
`},
		{"exact", historyListing{exact: true, quiet: false, format: `{{.CreatedSince}} {{.Size}}`}, `
2024-03-14T12:00:00Z 0
2024-03-01T12:00:00Z 72800000
`},
		{"quiet", historyListing{quiet: true}, "\naaaaaaaaaaaa\n<missing>\n"},
		{"whole lines stay lines", historyListing{noTrunc: true, format: `table {{.CreatedBy}}`}, `
CREATED BY
/bin/sh -c #(nop)  CMD ["sh"]
RUN <<EOT  apt-get update && apt-get install -y everything EOT
`},
		{"Spec18 json has docker's keys and whole values", historyListing{noTrunc: true, format: "json"}, `
{"Comment":"say\u001b[2J","CreatedAt":"2024-03-14T12:00:00Z","CreatedBy":"/bin/sh -c #(nop)  CMD [\"sh\"]","CreatedSince":"24 hours ago","ID":"` + idA + `","Size":"0B"}
{"Comment":"","CreatedAt":"2024-03-01T12:00:00Z","CreatedBy":"RUN <<EOT\n\tapt-get update && apt-get install -y everything\nEOT","CreatedSince":"2 weeks ago","ID":"<missing>","Size":"72.8MB"}
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inUTC(t)
			tt.listing.now = *day(15)
			var b strings.Builder
			if err := tt.listing.write(&b, rows); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, "\n"+b.String()); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestDF(t *testing.T) {
	var b strings.Builder
	err := printDF(&b, "", []dfRow{{"Images", 3, 1, 1_234_567_890, 617_283_945}, {"Containers", 0, 0, 0, 0}})
	want := `
TYPE         TOTAL     ACTIVE    SIZE      RECLAIMABLE
Images       3         1         1.235GB   617.3MB (50%)
Containers   0         0         0B        0B
`
	if d := cmp.Diff(want, "\n"+b.String()); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
}

func TestTemplateErrors(t *testing.T) {
	for format, want := range map[string]string{
		"{{.Repo}}":       `no entry for key "Repo"`,
		"{{.ID":           "unclosed action",
		"table {{.Nope}}": `no entry for key "Nope"`,
		"{{frob .ID}}":    `function "frob" not defined`,
		`{{pad .ID "x"}}`: "--format",
	} {
		err := imageListing{format: format}.write(&strings.Builder{}, nil)
		if err == nil || !strings.Contains(err.Error(), want) || exitCode(err) != exitUsage {
			t.Errorf("%s: got %v, want %q", format, err, want)
		}
	}
}

func TestTemplateFunctions(t *testing.T) {
	for format, want := range map[string]string{
		`{{title .CreatedSince}}`:         "2 Weeks Ago",
		`{{truncate .ID 3}}`:              "aaa",
		`{{truncate .ID 300}}`:            "aaaaaaaaaaaa",
		`[{{pad .Tag 1 2}}]`:              "[ v1  ]",
		`{{join (split .ID "aaaa") "-"}}`: "---",
		`{{println .Tag}}x`:               "v1\nx",
		`{{json "<&>"}}`:                  `"<&>"`,
		`{{.Tag | printf "%5s"}}`:         "   v1",
	} {
		var b strings.Builder
		if err := (imageListing{format: format, now: *day(15)}).write(&b, imageRows()[:1]); err != nil {
			t.Errorf("%s: %v", format, err)
		} else if b.String() != want+"\n" {
			t.Errorf("%s: got %q, want %q", format, b.String(), want)
		}
	}
}
