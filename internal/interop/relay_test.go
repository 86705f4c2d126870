package interop

import (
	"path/filepath"
	"testing"
)

// TestRelay hands an image with gzip layers from peer to peer, with imgtool between any two of them and in both formats:
// the digest of its manifest, or of its index, stays what it was at the start.
func TestRelay(t *testing.T) {
	l := openLab(t)
	all := map[string]peer{}
	for _, p := range peers(t, l) {
		all[p.name] = p
	}
	for _, archive := range []string{"docker29-gzip.tar", "containerd-index.tar", "oci-zstd.tar", "regctl.tar"} {
		t.Run(archive, func(t *testing.T) {
			path := produced(t, archive)
			dir := t.TempDir()
			store := filepath.Join(dir, "store")
			args := []string{"load", path}
			if archive == "oci-zstd.tar" { // a tag alone
				args = append(args, "--tag", "imgtool.example/hello:zstd")
			}
			l.tool(t, store, args...)
			start := readMembers(t, store).hold(t)
			for _, format := range []string{"docker", "oci"} {
				for _, name := range []string{"docker29", "containerd16", "containerd2", "skopeo-oci", "regctl"} {
					t.Run(name+" "+format, func(t *testing.T) {
						store = relay{l: l, p: all[name], dir: dir, format: format}.run(t, store, start)
					})
				}
			}
		})
	}
}

// relay is one leg of the way: from imgtool to a peer, and back.
type relay struct {
	l           lab
	p           peer
	dir, format string
}

// run saves a store's image, has the peer load and save it, and returns a store with what imgtool loads of that.
func (r relay) run(t *testing.T, store string, start holdings) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.tar")
	args := []string{"save", "--format", r.format, "-o", path}
	for name := range start {
		args = append(args, name)
	}
	r.l.tool(t, store, args...)
	s := examine(t, path)
	if _, err := r.p.load(t, s); err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(r.dir, r.format+r.p.name)
	for _, out := range r.p.saves {
		if out.form == "docker-archive" { // has no manifest to keep
			continue
		}
		path, err := out.write(t, s.names())
		if err != nil {
			t.Fatal(err)
		}
		r.l.tool(t, next, "load", path)
		if d := compare(start, readMembers(t, next).hold(t), everything); d != "" {
			t.Fatalf("-at the start +after %s:\n%s", r.p.name, d)
		}
	}
	return next
}
