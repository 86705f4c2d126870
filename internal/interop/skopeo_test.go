package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// skopeoPeer is skopeo with one of its transports. It copies each image by its name into a directory, which keeps all
// bytes, as it would into a registry.
func skopeoPeer(name, transport string) peer {
	place := ""
	return peer{
		name: name, named: true, listing: transport == "docker-archive",
		asks: func(f form) bool { // the other transport is for the other format
			return f.format == "docker" || (f.format == "oci") == (transport == "oci-archive")
		},
		keeps: func(string) keeps {
			if transport == "docker-archive" {
				return keeps{} // a manifest of its own over plain layers
			}
			return everything
		},
		load: func(t *testing.T, s saved) (holdings, error) {
			t.Helper()
			h := holdings{}
			for _, name := range s.names() {
				out := filepath.Join(t.TempDir(), "dir")
				place = skopeoPlace(transport, s.path, name)
				args := []string{"copy", "-q", place, "dir:" + out}
				if !s.sparse {
					args = append(args, "--all")
				}
				if _, err := output(exec.Command("skopeo", args...)); err != nil {
					return nil, err
				}
				v, err := viewDir(out)
				if err != nil {
					return nil, err
				}
				h[name] = v
			}
			return h, nil
		},
		saves: []save{skopeoSave(&place, "docker-archive"), skopeoSave(&place, "oci-archive")},
	}
}

// skopeoPlace selects an image of an archive: by its whole name in docker's format, by its tag in OCI's.
func skopeoPlace(transport, path, name string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		transport = "oci"
	}
	if transport != "docker-archive" {
		name = name[strings.LastIndexByte(name, ':')+1:]
	}
	return transport + ":" + strings.TrimSuffix(path, "/") + ":" + name
}

func skopeoSave(place *string, transport string) save {
	return save{form: transport, write: func(t *testing.T, names []string) (string, error) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "saved.tar")
		_, err := output(exec.Command("skopeo", "copy", "-q", "--all", *place, transport+":"+path+":"+names[0]))
		return path, err
	}}
}

// viewDir reads what skopeo calls a dir: blobs by the hexadecimal part of their digests, and the root as manifest.json.
func viewDir(dir string) (view, error) {
	root, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return view{}, err
	}
	want := digest.FromBytes(root)
	return viewOf(func(d digest.Digest) ([]byte, bool) {
		if d == want {
			return root, true
		}
		for _, suffix := range []string{"", ".manifest.json"} {
			if raw, err := os.ReadFile(filepath.Join(dir, d.Encoded()+suffix)); err == nil {
				return raw, true
			}
		}
		return nil, false
	}, want)
}
