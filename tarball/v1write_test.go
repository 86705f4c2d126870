package tarball

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/imgtool/imgtool/image"
)

// What docker 20.10 has saved is written again from its configs and layers alone: the same bytes.
func TestWriteV1IsDocker20(t *testing.T) {
	for _, name := range []string{"docker20.tar", "docker20-id.tar.gz", "docker20-multi.tar"} {
		t.Run(name, func(t *testing.T) {
			s, wantHeaders, wantContent := docker20(t, filepath.Join("..", "testdata", "archives", name))
			gotHeaders, gotContent := members(t, bytes.NewReader(savedV1(t, s, WriterOptions{})))
			forgetLinkTimes(gotHeaders)
			forgetLinkTimes(wantHeaders)
			if diff := cmp.Diff(wantHeaders, gotHeaders); diff != "" {
				t.Errorf("headers (-docker +ours): %s", diff)
			}
			if diff := cmp.Diff(texts(wantContent), texts(gotContent)); diff != "" {
				t.Errorf("contents (-docker +ours): %s", diff)
			}
		})
	}
}

// forgetLinkTimes clears the time of directories whose layer is a link: docker leaves them the time of the save.
func forgetLinkTimes(headers []*tar.Header) {
	linked := map[string]bool{}
	for _, hdr := range headers {
		linked[path.Dir(hdr.Name)] = linked[path.Dir(hdr.Name)] || hdr.Typeflag == tar.TypeSymlink
	}
	for _, hdr := range headers {
		if linked[path.Dir(hdr.Name)] || linked[path.Clean(hdr.Name)] {
			hdr.ModTime = time.Time{}
		}
	}
}

func texts(content map[string][]byte) map[string]string {
	all := map[string]string{}
	for name, raw := range content {
		if strings.HasSuffix(name, "layer.tar") {
			raw = fmt.Appendf(nil, "%x", sha256.Sum256(raw))
		}
		all[name] = string(raw)
	}
	return all
}

// The v1 IDs and json documents of archives that docker and others have written, computed again from the configs.
func TestV1ChainOfFixtures(t *testing.T) {
	dir := os.Getenv("IMGTOOL_FIXTURES")
	if dir == "" {
		t.Skip("IMGTOOL_FIXTURES is not set")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "fixtures.json"))
	if err != nil {
		t.Fatal(err)
	}
	var fixtures []struct {
		Name, Producer string
		Tags           []string
	}
	decode(t, raw, &fixtures)
	for _, f := range fixtures {
		if !slices.Contains(f.Tags, "v1+manifest") {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			s, _, content := docker20(t, filepath.Join(dir, f.Name))
			var entries []manifestEntry
			decode(t, content["manifest.json"], &entries)
			g, err := image.Walk(t.Context(), s, s.roots)
			why, differs := notDocker20[f.Name]
			if err != nil {
				why, differs = err.Error(), true
			}
			same, layers := compareChains(t, wholeImages(g), entries, content)
			switch {
			case differs && same == layers && err == nil:
				t.Errorf("all %d layers are as here, in spite of: %s", layers, why)
			case differs:
				t.Skipf("other v1 IDs: %s", why)
			case same != layers:
				t.Errorf("%d of %d layers have this ID and json", same, layers)
			}
		})
	}
}

// notDocker20 says why an archive has other v1 IDs than docker gives where local time is UTC.
var notDocker20 = map[string]string{
	"GoogleContainerTools_jib/docker-save.tar":               "made by jib",
	"bazelbuild_rules_docker/image_with_symlinked_layer.tar": "made by bazel",
	"bazelbuild_rules_docker/pause.tar":                      "saved by docker 1.10, which has no os and the year 1",
	"google_go-containerregistry/overwritten_file.tar":       "made by bazel",
	"google_go-containerregistry/source_image.tar":           "made by bazel",
	"google_go-containerregistry/test_image_2.tar":           "made by bazel",
	"google_go-containerregistry/whiteout_image.tar":         "made by bazel",
	"knative_func/image.tar":                                 "made by podman",
	"operator-framework_operator-registry/2-bundle.tar":      "saved where local time is not UTC",
	"operator-framework_operator-registry/bundle.tar":        "saved where local time is not UTC",
	"snyk_snyk-docker-plugin/busybox.tar":                    "made by skopeo",
	"snyk_snyk-docker-plugin/java.tar":                       "changed by hand",
	"snyk_snyk-docker-plugin/nodes-fake.tar":                 "made by skopeo",
	"swipely_docker-api/load.tar":                            "saved by docker 1.10, which has no os and the year 1",
	"wagoodman_dive/test-docker-image.tar":                   "saved where local time is not UTC",
}

// compareChains counts the layers of all images, and those whose ID and json are those of the archive.
func compareChains(t *testing.T, images []*savedImage, entries []manifestEntry, content map[string][]byte) (same, layers int) {
	t.Helper()
	for i, im := range images {
		chain, err := v1Chain(im.node)
		if err != nil {
			t.Fatal(err)
		}
		for k, l := range chain {
			layers++
			if l.id+"/layer.tar" == entries[i].Layers[k] && string(l.json) == string(content[l.id+"/json"]) {
				same++
			}
		}
	}
	return same, layers
}
