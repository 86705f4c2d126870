package interop

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// regctlName is what regctl compares: a reference in an index.json, a familiar name in a manifest.json.
func regctlName(s saved, name string) string {
	if s.format == "docker-v1" {
		return strings.TrimPrefix(name, "docker.io/library/")
	}
	return s.refs[name]
}

// regctlPeer is regctl over a layout directory. It imports each image by its name.
func regctlPeer(l lab) peer {
	layout := ""
	return peer{
		name:  "regctl",
		named: true,
		keeps: keepsRoots,
		load: func(t *testing.T, s saved) (holdings, error) {
			t.Helper()
			layout = l.temp(t)
			h := holdings{}
			for _, name := range s.names() {
				tag := "t" + strconv.Itoa(len(h))
				args := []string{"image", "import", "ocidir://" + layout + ":" + tag, s.path}
				if len(s.names()) > 1 || s.extra {
					args = append(args, "--name", regctlName(s, name))
				}
				if _, err := output(l.peer("regctl", args...)); err != nil {
					return nil, err
				}
				h[name] = readMembers(t, layout).hold(t)[":"+tag]
			}
			return h, nil
		},
		saves: []save{
			{form: "docker", one: true, write: func(t *testing.T, names []string) (string, error) {
				t.Helper()
				path := filepath.Join(t.TempDir(), "saved.tar")
				_, err := output(l.peer("regctl", "image", "export", "--name", names[0], "ocidir://"+layout+":t0", path))
				return path, err
			}},
		},
	}
}
