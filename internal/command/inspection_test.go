package command

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/image"
)

const configA = `{"architecture":"amd64","author":"me <me@example.com>","created":"2024-03-01T12:00:00.5Z","os":"linux",
"config":{"Zed":1,"Env":["A=<b>"],"Cmd":["sh"],"Labels":{"b":"2","a":"1"}},"rootfs":{"type":"layers","diff_ids":["` + idB + `"]}}`

func inspectionOf(t *testing.T, config string) inspection {
	t.Helper()
	c, err := image.ParseConfig([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	return inspection{id: idA, repoTags: []string{"x:1"}, config: c, size: 9_007_199_254_740_993}
}

func TestInspect(t *testing.T) {
	var b strings.Builder
	if err := printInspections(&b, "", []inspection{inspectionOf(t, configA)}); err != nil {
		t.Fatal(err)
	}
	want := `[
    {
        "Id": "` + idA + `",
        "RepoTags": [
            "x:1"
        ],
        "RepoDigests": [],
        "Parent": "",
        "Comment": "",
        "Created": "2024-03-01T12:00:00.5Z",
        "DockerVersion": "",
        "Author": "me <me@example.com>",
        "Config": {
            "Zed": 1,
            "Env": [
                "A=<b>"
            ],
            "Cmd": [
                "sh"
            ],
            "Labels": {
                "b": "2",
                "a": "1"
            }
        },
        "Architecture": "amd64",
        "Os": "linux",
        "Size": 9007199254740993,
        "RootFS": {
            "Type": "layers",
            "Layers": [
                "` + idB + `"
            ]
        },
        "Metadata": {
            "LastTagTime": "0001-01-01T00:00:00Z"
        }
    }
]
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestInspectFormat(t *testing.T) {
	tests := []struct{ name, format, want string }{
		{"member", "{{.Id}} {{.Os}}/{{.Architecture}}", idA + " linux/amd64"},
		{"large number", "{{.Size}} {{if gt .Size 1000}}large{{end}}", "9007199254740993 large"},
		{"list", `{{join .Config.Cmd " "}} {{index .Config.Env 0}} {{len .RootFS.Layers}}`, "sh A=<b> 1"},
		{"range", "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}", "a=1 b=2 "},
		{"json adds nothing", "{{json .Config}}", `{"Cmd":["sh"],"Env":["A=<b>"],"Labels":{"a":"1","b":"2"},"Zed":1}`},
		{"what docker knows is empty", "[{{.Config.User}}{{.Config.WorkingDir}}{{.Variant}}]{{json .Config.Entrypoint}}{{.Config.ArgsEscaped}}", "[]nullfalse"},
		{"what is not there", `{{if .Config.Healthcheck}}yes{{else}}no{{end}}`, "no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := printInspections(&b, tt.format, []inspection{inspectionOf(t, configA)}); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want+"\n" {
				t.Errorf("got %q, want %q", b.String(), tt.want)
			}
		})
	}
	err := printInspections(&strings.Builder{}, "{{.Config.Usr}}", []inspection{inspectionOf(t, configA)})
	if err == nil || exitCode(err) != exitUsage || !strings.Contains(err.Error(), `no entry for key "Usr"`) {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestInspectOddConfigs(t *testing.T) {
	for _, config := range []string{`{}`, `{"config":null}`, `{"config":{"Labels":null},"rootfs":{"diff_ids":[]}}`} {
		var b strings.Builder
		if err := printInspections(&b, "", []inspection{inspectionOf(t, config)}); err != nil {
			t.Errorf("%s: %v", config, err)
		}
		if !json.Valid([]byte(b.String())) {
			t.Errorf("%s: not JSON: %s", config, b.String())
		}
		b.Reset()
		if err := printInspections(&b, "{{.Config.User}}{{len .Config.Labels}}{{len .RootFS.Layers}}", []inspection{inspectionOf(t, config)}); err != nil || b.String() != "00\n" {
			t.Errorf("%s: %q, %v", config, b.String(), err)
		}
	}
}
