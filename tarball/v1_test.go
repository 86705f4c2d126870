package tarball_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/tarball"
)

// IDs of v1 images: any 64 hex digits will do.
var (
	low    = strings.Repeat("1", 64)
	middle = strings.Repeat("2", 64)
	high   = strings.Repeat("3", 64)
	aside  = strings.Repeat("4", 64)
)

// TestSpec11Config compares the config made of a chain of three, the second of which changed no file, with what docker
// makes of it.
func TestSpec11Config(t *testing.T) {
	first, third := string(imagetest.Layer(t, "a", "1")), string(imagetest.Layer(t, "b", "2"))
	none := string(make([]byte, 1024))
	members := []string{
		low + "/VERSION", "1.0",
		low + "/json", `{"id":"` + low + `","created":"2015-01-01T00:00:00Z","author":"me","container_config":{"Cmd":["/bin/sh","-c","#(nop) ADD a"]},"Size":1}`,
		low + "/layer.tar", first,
		middle + "/json", `{"id":"` + middle + `","parent":"` + low + `","created":"yesterday","comment":"nothing","container_config":{"Cmd":"a line"}}`,
		middle + "/layer.tar", none,
		high + "/json", `{"zebra":1,"id":"` + high + `","parent":"` + middle + `","created":"2015-01-02T00:00:00.5Z","os":"linux","architecture":"amd64",` +
			`"config":{"Cmd":["<x>"],"Labels":{"B":"","b":""}},"Size":5,"layer_id":"x","parent_id":"y","throwaway":true}`,
		high + "/layer.tar", third,
		"repositories", `{"z/app":{"2":"` + high + `","1":"` + high + `"},"base":{"latest":"` + low + `"}}`,
	}
	want := `{"zebra":1,"created":"2015-01-02T00:00:00.5Z","os":"linux","architecture":"amd64","config":{"Cmd":["<x>"],"Labels":{"B":"","b":""}},` +
		`"rootfs":{"type":"layers","diff_ids":["sha256:` + hex(first) + `","sha256:` + hex(third) + `"]},"history":[` +
		`{"created":"2015-01-01T00:00:00Z","author":"me","created_by":"/bin/sh -c #(nop) ADD a","id":"` + low + `"},` +
		`{"created_by":"a line","comment":"nothing","empty_layer":true,"id":"` + middle + `"},{"created":"2015-01-02T00:00:00.5Z","id":"` + high + `"}]}`
	fsys := openTar(t, members...)
	if diff := cmp.Diff(want, string(configs(t, fsys)[0].Raw)); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	got, err := readAll(t.Context(), fsys, tarball.Options{})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"docker.io/z/app:2", "docker.io/z/app:1", "docker.io/library/base:latest"}
	if diff := cmp.Diff(names, got.written); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// TestSpec11Layers reads v1 images with layers of all sorts.
func TestSpec11Layers(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	json := func(id, parent, more string) []string {
		return []string{id + "/json", `{"id":"` + id + `","parent":"` + parent + `"` + more + `}`}
	}
	one := "v1 " + hex(layer)[:12]
	tests := []struct {
		name    string
		members [][]string
		images  []string
		names   []string
	}{
		{"no repositories", [][]string{json(low, "", ""), {low + "/layer.tar", layer}}, []string{one}, []string{""}},
		{"gzip", [][]string{json(low, "", ""), {low + "/layer.tar", gzipped(t, layer)}}, []string{one}, []string{""}},
		{"xz", [][]string{json(low, "", ""), {low + "/layer.tar", xzed(t, layer)}}, []string{one}, []string{""}},
		{"no bytes", [][]string{json(low, "", ""), {low + "/layer.tar", ""}}, []string{"v1 "}, []string{""}},
		{"compressed tar of nothing", [][]string{json(low, "", ""), {low + "/layer.tar", gzipped(t, string(make([]byte, 10240)))}}, []string{"v1 "}, []string{""}},
		{"throwaway without layer", [][]string{json(low, "", ""), {low + "/layer.tar", layer}, json(high, low, `,"throwaway":true`)}, []string{one}, []string{""}},
		{
			"symbolic link",
			[][]string{json(low, "", ""), {low + "/layer.tar", layer}, json(high, low, ""), {high + "/layer.tar", "-> ../" + low + "/layer.tar"}},
			[]string{one + " " + hex(layer)[:12]},
			[]string{""},
		},
		{"two tips, one named", [][]string{
			json(low, "", ""),
			{low + "/layer.tar", layer},
			json(high, low, ""),
			{high + "/layer.tar", ""},
			json(aside, low, ""),
			{aside + "/layer.tar", layer},
			{"repositories", `{"a":{"1":"` + aside + `"}}`},
		}, []string{one, one + " " + hex(layer)[:12]}, []string{"docker.io/library/a:1", ""}},
		{"a repository without tags", [][]string{json(low, "", ""), {low + "/layer.tar", layer, "repositories", `{"a":null}`}}, []string{one}, []string{""}},
		{"other directories", [][]string{json(low, "", ""), {low + "/layer.tar", layer, "docs/json", "x", "docs/readme", "y"}}, []string{one}, []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var members []string
			for _, m := range tt.members {
				members = append(members, m...)
			}
			got, err := readAll(t.Context(), openTar(t, members...), tarball.Options{})
			if err != nil {
				t.Fatal(err)
			}
			images := map[string]bool{}
			for _, im := range tt.images {
				images[im] = true
			}
			if diff := cmp.Diff(images, got.images); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.names, got.written); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHostile18 reads v1 archives whose IDs and parents are not what they should be.
func TestHostile18(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	json := func(id, parent string) []string {
		return []string{id + "/json", `{"id":"` + id + `","parent":"` + parent + `"}`, id + "/layer.tar", layer}
	}
	repositories := func(id string) []string { return []string{"repositories", `{"a":{"1":"` + id + `"}}`} }
	tests := []struct {
		name    string
		members [][]string
		want    error
		says    string
	}{
		{"ID with dots", [][]string{json(low, ""), repositories("../../etc/passwd")}, image.ErrDamaged, "not an image ID"},
		{"ID in upper case", [][]string{json(low, ""), repositories(strings.Repeat("A", 64))}, image.ErrDamaged, "not an image ID"},
		{"short ID", [][]string{json(low, ""), repositories(low[:12])}, image.ErrDamaged, "not an image ID"},
		{"directory that is no ID", [][]string{json("image", "")}, image.ErrDamaged, "not named by an image ID"},
		{"directory outside", [][]string{json(low, ""), {"../" + high + "/json", "{}"}}, image.ErrDamaged, "leads out"},
		{"parent with dots", [][]string{json(low, "../"+high)}, image.ErrDamaged, "not an image ID"},
		{"own parent", [][]string{json(low, low)}, image.ErrDamaged, "circle"},
		{"own parent, named", [][]string{json(low, low), repositories(low)}, image.ErrDamaged, "circle"},
		{"loop of two", [][]string{json(low, high), json(high, low)}, image.ErrDamaged, "circle"},
		{"loop beside an image", [][]string{json(low, high), json(high, low), json(aside, "")}, image.ErrDamaged, "circle"},
		{"loop below an image", [][]string{json(low, middle), json(middle, low), json(high, low)}, image.ErrDamaged, "circle"},
		{"no parent", [][]string{json(high, low)}, image.ErrDamaged, low + "/json is not in the archive"},
		{"name of an absent ID", [][]string{json(low, ""), repositories(high)}, image.ErrDamaged, high + "/json"},
		{"no layer", [][]string{{low + "/json", "{}"}}, image.ErrMissing, low + "/layer.tar"},
		{"layer that is no tar", [][]string{{low + "/json", "{}", low + "/layer.tar", strings.Repeat("x", 1024)}}, image.ErrDamaged, "layer.tar"},
		{"cut layer", [][]string{{low + "/json", "{}", low + "/layer.tar", gzipped(t, layer)[:50]}}, image.ErrDamaged, "layer.tar"},
		{"json that is none", [][]string{{low + "/json", "{", low + "/layer.tar", layer}}, image.ErrDamaged, "/json"},
		{"json that says two things", [][]string{{low + "/json", `{"parent":"","Parent":"` + high + `"}`, low + "/layer.tar", layer}}, image.ErrDamaged, "twice"},
		{"repositories that is a list", [][]string{json(low, ""), {"repositories", "[]"}}, image.ErrDamaged, "repositories"},
		{"repositories of numbers", [][]string{json(low, ""), {"repositories", `{"a":{"1":2}}`}}, image.ErrDamaged, "repositories"},
		{"name with control characters", [][]string{json(low, ""), {"repositories", `{"a\u001b[0m":{"1":"` + low + `"}}`}}, image.ErrDamaged, "control"},
		{"layer that is a link to nothing", [][]string{{low + "/json", "{}", low + "/layer.tar", "-> ../gone"}}, image.ErrMissing, "layer.tar"},
		{"layer that is a link outside", [][]string{{low + "/json", "{}", low + "/layer.tar", "-> ../../etc/passwd"}}, image.ErrDamaged, "layer.tar"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var members []string
			for _, m := range tt.members {
				members = append(members, m...)
			}
			_, err := readAll(t.Context(), openTar(t, members...), tarball.Options{})
			if !errors.Is(err, tt.want) {
				t.Fatalf("error is %v, should match %v", err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
		})
	}
}

// TestV1Budget has many tips over one long chain: too many steps are damage, not an hour's work.
func TestV1Budget(t *testing.T) {
	members := []string{}
	parent := ""
	id := func(kind string, i int) string { return hex(kind + strings.Repeat("x", i)) }
	for i := range 600 {
		members = append(members, id("chain", i)+"/json", `{"parent":"`+parent+`","throwaway":true}`)
		parent = id("chain", i)
	}
	for i := range 600 {
		members = append(members, id("tip", i)+"/json", `{"parent":"`+parent+`","throwaway":true}`)
	}
	_, err := readAll(t.Context(), openTar(t, members...), tarball.Options{})
	if !errors.Is(err, image.ErrDamaged) {
		t.Errorf("error is %v, should match ErrDamaged", err)
	}
}
