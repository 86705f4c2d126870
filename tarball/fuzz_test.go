package tarball_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/internal/tarfs"
	"github.com/imgtool/imgtool/tarball"
)

// FuzzOpen opens archives of any bytes. Whatever fails is of a kind that callers know, and what is listed can be read
// or says why not.
func FuzzOpen(f *testing.F) {
	layer := string(imagetest.Layer(f, "a", "1"))
	config := configOf(f, layer)
	id := strings.Repeat("1", 64)
	for _, members := range [][]string{
		{"c", config, "l", layer, "manifest.json", toJSON(f, []listing{{"c", []string{"a:1"}, []string{"l"}}})},
		{"c", config, "l", gzipped(f, layer), "m", "-> l", "manifest.json", `[{"config":"c","layers":["m"]}]`},
		{"c", config, "l", xzed(f, layer), "manifest.json", toJSON(f, []listing{{"c", nil, []string{"l"}}})},
		{id + "/json", `{"id":"` + id + `"}`, id + "/layer.tar", layer, "repositories", `{"a":{"1":"` + id + `"}}`},
		{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`, "index.json", `{"manifests":[{"digest":"sha256:` + id + `","size":1}]}`, "manifest.json", "[{}]"},
		{"manifest.json", `{"schemaVersion":2,"config":{"digest":"sha256:` + id + `"},"layers":[]}`, id, config},
	} {
		f.Add(imagetest.Layer(f, members...))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		fsys, err := tarfs.Open(bytes.NewReader(raw), int64(len(raw)))
		if err == nil {
			mustHaveKind(t, fsys)
		}
	})
}

// FuzzDocuments opens archives whose documents are any bytes: most changes to the bytes of a tar only make it no tar.
func FuzzDocuments(f *testing.F) {
	layer := string(imagetest.Layer(f, "a", "1"))
	config := configOf(f, layer)
	one, two := strings.Repeat("1", 64), strings.Repeat("2", 64)
	manifest := toJSON(f, []listing{{"c", []string{"a:1"}, []string{"l"}}, {"blobs/sha256/" + hex(config), nil, []string{"m"}}})
	made := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:` + hex(config) + `","size":151},` +
		`"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:` + hex(layer) + `","size":2048}]}`
	index := `{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:` + hex(made) + `","size":382,` +
		`"annotations":{"org.opencontainers.image.ref.name":"1"}}]}`
	repositories := `{"a":{"1":"` + two + `","2":"` + one + `"}}`
	f.Add(manifest, "", "", config, "{}", layer)
	f.Add(manifest, index, repositories, config, "{}", gzipped(f, layer))
	f.Add("", "", repositories, config, `{"id":"`+two+`","parent":"`+one+`","throwaway":true}`, layer)
	f.Add(made, "", "", config, "{}", xzed(f, layer))
	f.Fuzz(func(t *testing.T, manifest, index, repositories, config, json, blob string) {
		members := []string{
			"c", config, "l", blob, "m", "-> l", "blobs/sha256/" + hex(config), config, "blobs/sha256/" + hex(made), made,
			"blobs/sha256/" + hex(layer), layer, hex(config), config,
			one + "/json", "{}", one + "/layer.tar", layer, two + "/json", json, two + "/layer.tar", blob,
		}
		for name, content := range map[string]string{"manifest.json": manifest, "index.json": index, "repositories": repositories} {
			if content != "" {
				members = append(members, name, content)
			}
		}
		mustHaveKind(t, openTar(t, members...))
	})
}

// mustHaveKind reads an archive; an error has to be of a kind that callers know.
func mustHaveKind(t *testing.T, fsys fs.FS) {
	t.Helper()
	_, err := readAll(t.Context(), fsys, tarball.Options{})
	checkKind(t, err)
}
