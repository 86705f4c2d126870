package interop

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
)

// podmanPeer is podman with an empty storage for each load. Its command line works without a daemon.
func podmanPeer(l lab) peer {
	var root string
	podman := func(args ...string) *exec.Cmd {
		options := []string{"--root", root, "--runroot", root + ".run", "--storage-driver", "vfs", "--runtime", "runc"}
		cmd := exec.Command("podman", append(options, args...)...)
		cmd.Env = append(cmd.Environ(), "CONTAINERS_CONF="+filepath.Join(l.run, "containers.conf"))
		return cmd
	}
	write := func(format string, rewrites bool) save {
		return save{form: format, rewrites: rewrites, one: format == "oci-archive", write: func(t *testing.T, names []string) (string, error) {
			t.Helper()
			path := filepath.Join(t.TempDir(), "saved.tar")
			args := []string{"save", "-q", "--format", format, "-o", path}
			if len(names) > 1 {
				args = append(args, "--multi-image-archive")
			}
			_, err := output(podman(append(args, names...)...))
			return path, err
		}}
	}
	return peer{
		name:  "podman",
		keeps: keepsAlways(keeps{}),
		load: func(t *testing.T, s saved) (holdings, error) {
			t.Helper()
			root = l.temp(t)
			if _, err := output(podman("load", "-q", "-i", s.path)); err != nil {
				return nil, err
			}
			return holdPodman(t, podman)
		},
		saves: []save{write("docker-archive", false), write("oci-archive", true)},
	}
}

func holdPodman(t *testing.T, podman func(...string) *exec.Cmd) (holdings, error) {
	t.Helper()
	var images []struct {
		ID    string `json:"Id"`
		Names []string
	}
	if err := json.Unmarshal([]byte(must(t, podman("images", "--format", "json"))), &images); err != nil {
		return nil, err
	}
	h := holdings{}
	for _, im := range images {
		var details []struct {
			Digest digest.Digest
			RootFS struct{ Layers []digest.Digest }
		}
		if err := json.Unmarshal([]byte(must(t, podman("image", "inspect", im.ID))), &details); err != nil {
			return nil, err
		}
		v := view{
			Root: details[0].Digest, DiffIDs: details[0].RootFS.Layers,
			ID: digest.NewDigestFromEncoded(digest.SHA256, im.ID),
		}
		for _, name := range im.Names {
			h[normal(name)] = v
		}
		if len(im.Names) == 0 {
			h[""] = v
		}
	}
	return h, nil
}
