package interop

import "testing"

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
	// saves are the ways in which the peer writes what it loaded last: each returns the archive's path.
	saves []save
}

type save struct {
	form  string
	write func(t *testing.T, names []string) (string, error)
}

// saved is an archive, and what it holds.
type saved struct {
	path   string
	format string   // docker, oci or docker-v1
	holds  holdings // by index.json where it has one
	lists  holdings // by manifest.json, if it has one
	sparse bool     // an index, of whose platforms only linux/amd64 is here
}

// peers returns all of them.
func peers(t *testing.T, l lab) []peer {
	t.Helper()
	return []peer{
		dockerPeer(l, "docker20", false),
		dockerPeer(l, "docker29-classic", false),
		dockerPeer(l, "docker29", true),
		containerdPeer(l, "containerd16", "/usr/bin/ctr"),
		containerdPeer(l, "containerd2", l.peers+"/ctr"),
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
