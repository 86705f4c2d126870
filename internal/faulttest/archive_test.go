package faulttest_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// A madeImage is an image of an archive that a test makes.
type madeImage struct {
	name   string
	layers [][]byte // tars
}

// layerOf returns a layer with one file of so many bytes that do not compress. The same seed gives the same bytes.
func layerOf(t *testing.T, seed byte, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(data) // never fails
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add(t, w, fmt.Sprintf("file%d", seed), data)
	finishTar(t, w)
	return b.Bytes()
}

// dockerArchive returns an archive as docker 20.10 writes it, less its v1 files.
func dockerArchive(t *testing.T, images ...madeImage) []byte {
	t.Helper()
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	var manifest []entry
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, im := range images {
		e := entry{RepoTags: []string{im.name}}
		var diffs []string
		for _, layer := range im.layers {
			sum := fmt.Sprintf("%x", sha256.Sum256(layer))
			diffs = append(diffs, "sha256:"+sum)
			e.Layers = append(e.Layers, sum+"/layer.tar")
			add(t, w, sum+"/layer.tar", layer)
		}
		config := encode(t, map[string]any{
			"architecture": "amd64", "os": "linux", "config": map[string]any{"Cmd": []string{"/file", im.name}},
			"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
		})
		e.Config = fmt.Sprintf("%x.json", sha256.Sum256(config))
		add(t, w, e.Config, config)
		manifest = append(manifest, e)
	}
	add(t, w, "manifest.json", encode(t, manifest))
	finishTar(t, w)
	return b.Bytes()
}

func add(t *testing.T, w *tar.Writer, name string, data []byte) {
	t.Helper()
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
}

func finishTar(t *testing.T, w *tar.Writer) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func gzipped(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writeFile writes a file and returns its path.
func writeFile(t *testing.T, raw []byte, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.WriteFile(name, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}
