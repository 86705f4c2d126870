package interop

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"
)

// containerdPeer is a containerd and its ctr. Each load goes into a namespace of its own, so that it starts empty.
func containerdPeer(l lab, name, ctr string) peer {
	var count atomic.Int32
	namespace := ""
	command := func(args ...string) *exec.Cmd {
		return exec.Command(ctr, append([]string{"-a", filepath.Join(l.run, name+".sock"), "-n", namespace}, args...)...)
	}
	export := func(t *testing.T, names []string, flags ...string) (string, error) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "saved.tar")
		args := append(append([]string{"images", "export"}, flags...), path)
		_, err := output(command(append(args, names...)...))
		return path, err
	}
	return peer{
		name: name, named: true, keeps: keepsRoots,
		load: func(t *testing.T, s saved) (holdings, error) {
			t.Helper()
			namespace = fmt.Sprintf("case-%d", count.Add(1))
			args := []string{"images", "import"}
			if s.sparse {
				args = append(args, "--platform", "linux/amd64")
			} else {
				args = append(args, "--all-platforms")
			}
			if _, err := output(command(append(args, s.path)...)); err != nil {
				return nil, err
			}
			return holdContainerd(t, command)
		},
		saves: []save{
			{"docker", func(t *testing.T, names []string) (string, error) {
				t.Helper()
				return export(t, names, "--all-platforms")
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
