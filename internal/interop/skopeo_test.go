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
	place, sparse := "", false
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
			sparse = s.sparse
			for _, name := range s.names() {
				out := filepath.Join(t.TempDir(), "dir")
				place = skopeoPlace(transport, s, name)
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
		saves: []save{ // the config is made anew on the way from one format to the other
			skopeoSave(&place, &sparse, "docker-archive", transport == "oci-archive"),
			skopeoSave(&place, &sparse, "oci-archive", transport == "docker-archive"),
		},
	}
}

// skopeoPlace selects an image of an archive: by its whole name in docker's format, by its reference in OCI's.
func skopeoPlace(transport string, s saved, name string) string {
	if transport != "docker-archive" {
		name = s.refs[name]
	}
	if info, err := os.Stat(s.path); err == nil && info.IsDir() {
		transport = "oci"
	}
	return transport + ":" + strings.TrimSuffix(s.path, "/") + ":" + name
}

// skopeoSave copies what was loaded last, with all platforms where there are all, and where the format can have them.
func skopeoSave(place *string, sparse *bool, transport string, rewrites bool) save {
	return save{form: transport, one: true, rewrites: rewrites, write: func(t *testing.T, names []string) (string, error) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "saved.tar")
		args := []string{"copy", "-q", *place, transport + ":" + path + ":" + names[0]}
		if transport == "oci-archive" && !*sparse {
			args = append(args, "--all")
		}
		_, err := output(exec.Command("skopeo", args...))
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
