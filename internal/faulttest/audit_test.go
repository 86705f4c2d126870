package faulttest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// An audit is what lies in a directory that is an image layout, or a store.
type audit struct {
	Images       []string // "NAME DIGEST" of each descriptor of index.json, sorted
	Unreferenced []string // blobs that no descriptor reaches
	Stray        []string // files and folders that a layout or store at rest has not
}

// A node is what index.json, an index and a manifest have in common, as far as it points elsewhere.
type node struct {
	Manifests []link `json:"manifests"`
	Config    *link  `json:"config"`
	Layers    []link `json:"layers"`
}

type link struct {
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations"`
}

var blobPath = regexp.MustCompile(`^blobs/sha256/[0-9a-f]{64}$`)

// atRest are the paths of a store at rest beside its blobs.
var atRest = []string{
	".", "index.json", "oci-layout", "blobs", "blobs/sha256", ".imgtool", ".imgtool/version", ".imgtool/lock", ".imgtool/staging",
}

// auditLayout reads a layout, which need not exist, and fails the test if anything that index.json reaches is not there
// or is not what its digest says, or if any file named as a blob is not.
func auditLayout(t *testing.T, dir string) audit {
	t.Helper()
	var a audit
	unreached := map[string]bool{}
	for path := range contents(t, dir) {
		switch {
		case blobPath.MatchString(path):
			unreached[path] = true
		case !slices.Contains(atRest, path):
			a.Stray = append(a.Stray, path)
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err == nil {
		var top node
		if err := json.Unmarshal(raw, &top); err != nil {
			t.Fatalf("index.json: %v: %q", err, raw)
		}
		for _, l := range top.Manifests {
			a.Images = append(a.Images, l.Annotations["io.containerd.image.name"]+" "+l.Digest)
			reach(t, dir, l, unreached)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for path := range unreached {
		readBlob(t, dir, "sha256:"+filepath.Base(path))
		a.Unreferenced = append(a.Unreferenced, path)
	}
	slices.Sort(a.Images)
	slices.Sort(a.Unreferenced)
	slices.Sort(a.Stray)
	return a
}

// reach strikes out the blobs that a descriptor reaches.
func reach(t *testing.T, dir string, l link, unreached map[string]bool) {
	t.Helper()
	raw := readBlob(t, dir, l.Digest)
	if int64(len(raw)) != l.Size {
		t.Errorf("blob %s has %d bytes, should have %d", l.Digest, len(raw), l.Size)
	}
	delete(unreached, filepath.Join("blobs", strings.Replace(l.Digest, ":", "/", 1)))
	var n node
	if json.Unmarshal(raw, &n) != nil {
		return // a layer
	}
	below := slices.Concat(n.Manifests, n.Layers)
	if n.Config != nil && n.Config.Digest != "" { // a config of an image has a member of this name too
		below = append(below, *n.Config)
	}
	for _, l := range below {
		reach(t, dir, l, unreached)
	}
}

// readBlob returns a blob, compared with its digest.
func readBlob(t *testing.T, dir, digest string) []byte {
	t.Helper()
	encoded := strings.TrimPrefix(digest, "sha256:")
	raw, err := os.ReadFile(filepath.Join(dir, "blobs", "sha256", encoded))
	if err != nil {
		t.Errorf("a blob that index.json reaches: %v", err)
		return nil
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != encoded {
		t.Errorf("blob %s has the digest %x", digest, sum)
	}
	return raw
}

// contents returns what a directory, which need not exist, holds: for each path its mode and, of a file, its digest.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		sum := ""
		if info.Mode().IsRegular() {
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			digest := sha256.Sum256(raw)
			sum = " " + hex.EncodeToString(digest[:])
		}
		name, err := filepath.Rel(dir, path)
		all[name] = info.Mode().String() + sum
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}
