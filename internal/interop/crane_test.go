package interop

import (
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
)

// cranePeer is crane, which reads an archive only to push it to a registry, and which makes a manifest of its own for a
// docker archive. It is given the archive alone, and finds the one image that is there.
func cranePeer(l lab) peer {
	place := ""
	write := func(format string) save {
		return save{form: format, one: true, rewrites: true, write: func(t *testing.T, _ []string) (string, error) {
			t.Helper()
			path := filepath.Join(t.TempDir(), "saved")
			_, err := output(l.peer("crane", "pull", "--insecure", "--annotate-ref", "--format", format, place, path))
			return path, err
		}}
	}
	return peer{
		name: "crane", listing: true,
		asks: func(form) bool { return true },
		keeps: func(format string) keeps {
			if format == "oci" {
				return everything
			}
			return keeps{}
		},
		load: func(t *testing.T, s saved) (holdings, error) {
			t.Helper()
			repository := l.registry(t) + "/crane"
			place = repository + ":pushed"
			if _, err := output(l.peer("crane", "push", "--insecure", s.path, place)); err != nil {
				return nil, err
			}
			v, err := viewOf(func(d digest.Digest) ([]byte, bool) {
				at := repository + "@" + d.String()
				raw, err := output(l.peer("crane", "manifest", "--insecure", at))
				if err != nil {
					raw, err = output(l.peer("crane", "blob", "--insecure", at))
				}
				return []byte(raw), err == nil
			}, digest.FromBytes([]byte(must(t, l.peer("crane", "manifest", "--insecure", place)))))
			h := holdings{}
			for _, name := range s.names() {
				h[name] = v // a registry has the names that it is asked for
			}
			return h, err
		},
		saves: []save{write("tarball"), write("legacy"), write("oci")},
	}
}
