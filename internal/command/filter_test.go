package command

import (
	"strings"
	"testing"
	"time"

	"github.com/imgtool/imgtool/image"
)

func TestSpec10TagAloneIsNotDangling(t *testing.T) {
	for value, keeps := range map[string]bool{"true": false, "false": true} {
		f, err := parseFilters([]string{"dangling=" + value})
		if err != nil {
			t.Fatal(err)
		}
		if f.keep(candidate{tag: "v1"}) != keeps {
			t.Errorf("dangling=%s: kept %t, want %t", value, !keeps, keeps)
		}
	}
}

func TestImageFilter(t *testing.T) {
	all := map[string]candidate{
		"nginx":  {name: "docker.io/library/nginx:1.25", labels: map[string]string{"team": "web", "tier": ""}, created: day(3)},
		"mine":   {name: "registry.example.com/team/app:v1", labels: map[string]string{"team": "app"}, created: day(2)},
		"orphan": {created: day(1)},
	}
	created := func(ref string) (*time.Time, error) {
		c, ok := all[ref]
		if !ok {
			return nil, image.ErrNotFound
		}
		return c.created, nil
	}
	tests := []struct {
		name    string
		filters []string
		keeps   string // in the order of the loop below
	}{
		{"none", nil, "nginx mine orphan "},
		{"dangling", []string{"dangling=true"}, "orphan "},
		{"not dangling", []string{"dangling=false"}, "nginx mine "},
		{"label", []string{"label=team"}, "nginx mine "},
		{"label with value", []string{"label=team=web"}, "nginx "},
		{"label without value", []string{"label=tier="}, "nginx "},
		{"both labels", []string{"label=team", "label=tier"}, "nginx "},
		{"reference", []string{"reference=nginx"}, "nginx "},
		{"reference with tag", []string{"reference=nginx:1.*"}, "nginx "},
		{"reference with another tag", []string{"reference=nginx:2*"}, ""},
		{"reference in a registry", []string{"reference=*/team/*"}, "mine "},
		{"a star is one element", []string{"reference=registry*"}, ""},
		{"one of several references", []string{"reference=nginx", "reference=*/*/app:v1"}, "nginx mine "},
		{"before", []string{"before=nginx"}, "mine orphan "},
		{"since", []string{"since=orphan"}, "nginx mine "},
		{"between", []string{"since=orphan", "before=nginx"}, "mine "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := parseFilters(tt.filters)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.resolve(created); err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, name := range []string{"nginx", "mine", "orphan"} {
				if f.keep(all[name]) {
					got.WriteString(name + " ")
				}
			}
			if got.String() != tt.keeps {
				t.Errorf("keeps %q, want %q", got.String(), tt.keeps)
			}
		})
	}
}

func TestImageFilterErrors(t *testing.T) {
	for _, given := range []string{"dangling", "dangling=maybe", "color=red", "reference=[", "=x"} {
		if _, err := parseFilters([]string{given}); !isUsage(err) {
			t.Errorf("%s: %v", given, err)
		}
	}
	f, err := parseFilters([]string{"before=gone"})
	if err != nil {
		t.Fatal(err)
	}
	err = f.resolve(func(string) (*time.Time, error) { return nil, image.ErrNotFound })
	if exitCode(err) != exitNotFound {
		t.Errorf("resolve: %v", err)
	}
}
