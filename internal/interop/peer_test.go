package interop

import (
	"slices"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// peer is a program that exchanges images with imgtool.
type peer struct {
	name string
	// load brings an archive's images into an empty place of the peer, and returns what the peer then says of them.
	// An error is the peer's refusal.
	load func(t *testing.T, s saved) (holdings, error)
	// asks says which forms the peer is asked to take: by default all files.
	asks func(f form) bool
	// listing says that the peer goes by manifest.json, which names images, and not by index.json, which names indexes.
	listing bool
	// named says that the peer takes only what has a name.
	named bool
	// keeps says what the peer keeps of an archive in this format.
	keeps func(format string) keeps
	// saves are the ways in which the peer writes what it loaded last.
	saves []save
}

// save writes images of a peer, by name, and returns the archive's path.
type save struct {
	form  string
	write func(t *testing.T, names []string) (string, error)
	// one says that it writes one name only, and rewrites that what it writes is not what the peer holds: the config is
	// another's, or the name.
	one, rewrites bool
}

// saved is an archive, and what it holds.
type saved struct {
	path   string
	format string            // docker, oci or docker-v1
	holds  holdings          // by index.json where it has one
	lists  holdings          // by manifest.json, if it has one
	refs   map[string]string // by name: how index.json spells it as a reference
	sparse bool              // an index, of whose platforms only linux/amd64 is here
	extra  bool              // there is more, such as signatures, to which a peer may give names that are not looked at
}

// examine reads an archive with a reader that is not imgtool's.
func examine(t *testing.T, path string) saved {
	t.Helper()
	m := readMembers(t, path)
	s := saved{path: path, format: "docker", holds: m.hold(t), lists: m.list(t), refs: m.refs(t)}
	switch {
	case m[ocispec.ImageIndexFile] == nil:
		s.format = "docker-v1"
	case m["manifest.json"] == nil:
		s.format = "oci"
	}
	return s
}

// names returns the names that an archive holds, sorted.
func (s saved) names() []string {
	var all []string
	for name := range s.holds {
		if name != "" {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// peers returns all of them.
func peers(t *testing.T, l lab) []peer {
	t.Helper()
	return []peer{
		dockerPeer(l, "docker20", false),
		dockerPeer(l, "docker29-classic", false),
		dockerPeer(l, "docker29", true),
		containerdPeer(l, "containerd16", "/usr/bin/ctr"),
		containerdPeer(l, "containerd2", l.peers+"/ctr", "--local"), // without, 2.4 at times leaves before the file is whole
		podmanPeer(l),
		skopeoPeer("skopeo", "docker-archive"),
		skopeoPeer("skopeo-oci", "oci-archive"),
		cranePeer(l),
		regctlPeer(l),
	}
}

// asked reports whether a peer is asked to take a form.
func (p peer) asked(f form) bool {
	if p.asks == nil {
		return !f.directory()
	}
	return p.asks(f)
}

func keepsAlways(k keeps) func(string) keeps { return func(string) keeps { return k } }

// keepsRoots is for programs that store blobs as they are: only of docker-v1 they must make a manifest up.
func keepsRoots(format string) keeps {
	if format == "docker-v1" {
		return keeps{}
	}
	return everything
}
