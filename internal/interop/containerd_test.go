package interop

import (
	"crypto/rand"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// containerdPeer is a containerd and its ctr, with flags for its export. Each load goes into a namespace of its own, so that it starts empty.
func containerdPeer(l lab, name, ctr string, exporting ...string) peer {
	namespace, platforms := "", ""
	command := func(args ...string) *exec.Cmd {
		return exec.Command(ctr, append([]string{"-a", filepath.Join(l.run, name+".sock"), "-n", namespace}, args...)...)
	}
	export := func(t *testing.T, names []string, flags ...string) (string, error) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "saved.tar")
		args := append(append(append([]string{"images", "export"}, exporting...), flags...), path)
		_, err := output(command(append(args, names...)...))
		return path, err
	}
	return peer{
		name: name, named: true, keeps: keepsRoots,
		load: func(t *testing.T, s saved) (holdings, error) {
			t.Helper()
			namespace = rand.Text()
			platforms = "--all-platforms"
			if s.sparse {
				platforms = "--platform=linux/amd64"
			}
			if _, err := output(command("images", "import", platforms, s.path)); err != nil {
				return nil, err
			}
			return holdContainerd(t, command)
		},
		saves: []save{
			{form: "docker", write: func(t *testing.T, names []string) (string, error) {
				t.Helper()
				return export(t, names, platforms)
			}},
			{form: "oci", write: func(t *testing.T, names []string) (string, error) {
				t.Helper()
				return export(t, names, platforms, "--skip-manifest-json")
			}},
		},
	}
}

// holdContainerd reads the list of images, and their documents from the content store.
func holdContainerd(t *testing.T, command func(...string) *exec.Cmd) (holdings, error) {
	t.Helper()
	get := func(d digest.Digest) ([]byte, bool) {
		raw, err := output(command("content", "get", d.String()))
		return []byte(raw), err == nil
	}
	h := holdings{}
	lines := strings.Split(strings.TrimSpace(must(t, command("images", "ls"))), "\n")
	for _, line := range lines[1:] { // the first has the columns' names
		fields := strings.Fields(line)
		v, err := viewOf(get, digest.Digest(fields[2]))
		if err != nil {
			return nil, err
		}
		h[normal(fields[0])] = v
	}
	return h, nil
}
