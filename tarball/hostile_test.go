package tarball_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/tarball"
)

// TestHostile reads docker archives that lie, lack something, or are none.
func TestHostile(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	config := configOf(t, layer)
	good := []string{"c", config, "l", layer}
	manifest := func(raw string) []string { return append(slices.Clip(good), "manifest.json", raw) }
	single := func(config string, names []string, layers ...string) []string {
		return manifest(toJSON(t, []listing{{config, names, layers}}))
	}
	with := func(members []string, more ...string) []string { return append(more, members...) }
	tests := []struct {
		name    string
		members []string
		want    error
		says    string
	}{
		{"Hostile01 layer that leads out", single("c", nil, "../l"), image.ErrDamaged, "leads out"},
		{"Hostile01 config that leads out", single("x/../c", nil, "l"), image.ErrDamaged, "leads out"},
		{"Hostile01 link out of the archive", with(single("c", nil, "x"), "x", "-> ../../etc/passwd"), image.ErrDamaged, "x"},
		{"Hostile01 links in a circle", with(single("c", nil, "x"), "x", "-> y", "y", "-> x"), image.ErrDamaged, "x"},
		{"Hostile01 link to nothing", with(single("c", nil, "x"), "x", "-> y"), image.ErrMissing, "x"},
		{"Hostile01 name of the root", single("c", nil, "/"), image.ErrDamaged, "not that of a member"},
		{"Hostile01 layer that is a directory", with(single("c", nil, "x"), "x/", ""), image.ErrDamaged, "not a regular file"},
		{"Hostile14 config in blobs/ of no such digest", with(single("blobs/sha256/../../c", nil, "l")), image.ErrDamaged, "leads out"},
		{"Hostile15 keys that say two things", manifest(`[{"Config":"c","config":"d","Layers":["l"]}]`), image.ErrDamaged, "twice"},
		{"Hostile16 config name is not its digest", with(single(hex("x")+".json", nil, "l"), hex("x")+".json", config), image.ErrDamaged, "content has digest"},
		{"Hostile16 config blob is not its digest", with(single("blobs/sha256/"+hex("x"), nil, "l"), "blobs/sha256/"+hex("x"), config), image.ErrDamaged, "content has digest"},
		{"Hostile16 kaniko's config is not its digest", with(single("sha256:"+hex("x"), nil, "l"), "sha256:"+hex("x"), config), image.ErrDamaged, "content has digest"},
		{"Hostile16 layer is not its diff ID", with(single("c", nil, "x"), "x", string(imagetest.Layer(t, "a", "2"))), image.ErrDamaged, hex(layer)},
		{"Hostile16 gzip layer is not its diff ID", with(single("c", nil, "x"), "x", gzipped(t, string(imagetest.Layer(t, "a", "2")))), image.ErrDamaged, "diff ID"},
		{"Hostile16 xz layer is not its diff ID", with(single("c", nil, "x"), "x", xzed(t, string(imagetest.Layer(t, "a", "2")))), image.ErrDamaged, "diff ID"},
		{"Hostile16 layer blob is not its digest", with(single("c", nil, "blobs/sha256/"+hex("x")), "blobs/sha256/"+hex("x"), layer), image.ErrDamaged, "diff ID"},
		{"Hostile16 gzip blob is not its digest", with(single("c", nil, "blobs/sha256/"+hex("x")), "blobs/sha256/"+hex("x"), gzipped(t, layer)), image.ErrDamaged, "content has digest"},
		{"Hostile16 xz blob is not its digest", with(single("c", nil, "blobs/sha256/"+hex("x")), "blobs/sha256/"+hex("x"), xzed(t, layer)), image.ErrDamaged, "content has digest"},
		{"Hostile13 cut xz layer", with(single("c", nil, "x"), "x", xzed(t, layer)[:60]), image.ErrDamaged, "x"},
		{"Hostile17 more layers than diff IDs", single("c", nil, "l", "l"), image.ErrDamaged, "2 layers"},
		{"Hostile17 fewer layers than diff IDs", single("c", nil), image.ErrDamaged, "0 layers"},
		{"Hostile17 layer without a name", single("c", nil, ""), image.ErrDamaged, "empty"},
		{"Hostile17 layer that is null", manifest(`[{"Config":"c","Layers":[null]}]`), image.ErrDamaged, "empty"},
		{"Hostile17 null entry", manifest(`[null]`), image.ErrDamaged, "empty"},
		{"Hostile17 empty entry", manifest(`[{}]`), image.ErrDamaged, "empty"},
		{"Hostile17 layers that are a string", manifest(`[{"Config":"c","Layers":"l"}]`), image.ErrDamaged, "manifest.json"},
		{"Hostile17 config that is a list", with(single("x", nil, "l"), "x", "[]"), image.ErrDamaged, "x"},
		{"Hostile19 named like an ID", single("c", []string{hex("x")}, "l"), image.ErrDamaged, "looks like an image ID"},
		{"Hostile19 named like an ID, with a tag", single("c", []string{hex("x") + ":latest"}, "l"), image.ErrDamaged, "looks like an image ID"},
		{"Hostile19 named like a digest", single("c", []string{"sha256:" + hex("x")}, "l"), image.ErrDamaged, "looks like an image ID"},
		{"Hostile19 name with control characters", single("c", []string{"a:1\n"}, "l"), image.ErrDamaged, "control"},
		{"Hostile20 manifest.json beyond the limit", manifest("[" + strings.Repeat(" ", image.MaxDocument) + "]"), image.ErrDamaged, "more than"},
		{"Hostile20 nested manifest.json", manifest(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)), image.ErrDamaged, "nested"},
		{"missing config", single(hex("gone")+".json", nil, "l"), image.ErrMissing, hex("gone")[:12]},
		{"missing layer", single("c", nil, "gone/layer.tar"), image.ErrMissing, "gone/layer.tar (diff ID sha256:" + hex(layer)},
		{"missing manifest.json list", manifest("null"), image.ErrNotFound, "no image"},
		{"empty manifest.json", manifest("[]"), image.ErrNotFound, "no image"},
		{"manifest.json of no bytes", manifest(""), image.ErrDamaged, "manifest.json"},
		{"manifest.json of something else", manifest(`{"name":"app"}`), image.ErrDamaged, "neither"},
		{"schema 1", manifest(`{"schemaVersion":1,"fsLayers":[]}`), image.ErrNotFound, "schema 1"},
		{"index.json of something else", []string{"index.json", "[]"}, image.ErrDamaged, "index.json"},
		{"layout without index", []string{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`}, image.ErrDamaged, "without index.json"},
		{"layout of nothing", []string{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`, "index.json", `{"manifests":null}`}, image.ErrNotFound, "no image"},
		{"root file system", []string{"etc/passwd", "root", "bin/sh", "x"}, image.ErrNotFound, "no image"},
		{"nothing", nil, image.ErrNotFound, "no image"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readAll(t.Context(), openTar(t, tt.members...), tarball.Options{})
			if !errors.Is(err, tt.want) {
				t.Fatalf("error is %v, should match %v", err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
		})
	}
}

// TestHostile01Directory reads directories whose links lead out of them.
func TestHostile01Directory(t *testing.T) {
	layer := string(imagetest.Layer(t, "a", "1"))
	for _, target := range []string{"/etc/hostname", "../../../../../../../../etc/hostname", "l"} {
		t.Run(target, func(t *testing.T) {
			fsys := unpacked(t, "c", configOf(t, layer), "l", "-> "+target, "manifest.json", toJSON(t, []listing{{"c", nil, []string{"l"}}}))
			_, err := readAll(t.Context(), fsys, tarball.Options{})
			if !errors.Is(err, image.ErrDamaged) {
				t.Errorf("error is %v, should match ErrDamaged", err)
			}
		})
	}
}

// TestHostile20Names has more names than an archive may list.
func TestHostile20Names(t *testing.T) {
	names := make([]string, 200_001)
	for i := range names {
		names[i] = fmt.Sprintf("a:%d", i)
	}
	_, err := readAll(t.Context(), openTar(t, "c", configOf(t), "manifest.json", toJSON(t, []listing{{"c", names, nil}})), tarball.Options{})
	if !errors.Is(err, image.ErrDamaged) {
		t.Errorf("error is %v, should match ErrDamaged", err)
	}
}
