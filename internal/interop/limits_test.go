package interop

import (
	"slices"
	"strings"
)

// limit is something that peers are known not to do. A case that it names must go as it says: a peer that has learnt
// something fails the test, and leaves the table.
type limit struct {
	peers, origins, forms []string                // empty: all
	part                  func(holdings) holdings // what the peer has then; nil: it refuses the archive
	reason                string
}

var (
	ociFiles   = []string{"oci", "oci, zstd layers", "oci.tar.gz"}
	compressed = []string{"docker.tar.gz", "docker.tar.zst", "oci.tar.gz"}
	modern     = []string{ // all but docker-v1
		asMade,
		"docker", "docker, gzip layers", "docker, zstd layers", "docker.tar.gz", "docker.tar.zst",
		"oci", "oci, zstd layers", "oci.tar.gz", "oci directory",
	}
	several = []string{"plain layers", "two images"} // those with several names
)

// limits is in the order in which it is searched.
var limits = []limit{
	{
		peers: []string{"docker20"}, forms: []string{"docker, zstd layers", "docker.tar.zst"},
		reason: "docker 20.10 does not read zstd, neither a layer nor a file",
	},
	{
		peers: []string{"docker20", "docker29-classic"}, forms: ociFiles,
		reason: "docker's classic store reads manifest.json, and an OCI archive has none",
	},
	{
		peers: []string{"containerd16"}, forms: compressed,
		reason: "containerd 1.6 does not inflate a file",
	},
	{
		peers: []string{"containerd16"}, origins: []string{"attestation"},
		reason: "ctr of containerd 1.6 unpacks everything that has a tag, and an index of referrers has no platform",
	},
	{
		peers: []string{"crane"}, forms: compressed,
		reason: "crane does not inflate a file",
	},
	{
		peers: []string{"crane"}, forms: ociFiles,
		reason: "crane reads OCI layouts as directories only",
	},
	{
		peers: []string{"crane"}, origins: several, forms: []string{"oci directory"},
		reason: "crane takes a layout with one entry, or all as one index; two names are two entries",
	},
	{
		peers: []string{"crane"}, origins: []string{"two images", "two platforms"},
		forms:  []string{"docker", "docker, gzip layers", "docker, zstd layers", "docker-v1"},
		reason: "crane pushes an archive of one image, and each platform is one in a manifest.json",
	},
	{
		peers: []string{"crane"}, origins: []string{"two images"}, forms: []string{asMade},
		reason: "crane pushes an archive of one image",
	},
	{
		peers: []string{"crane"}, origins: []string{"sparse index"}, forms: []string{"oci directory"},
		reason: "crane wants every platform of an index",
	},
	{
		peers: []string{"skopeo"}, forms: []string{"docker.tar.gz"},
		reason: "skopeo 1.9 reads no small docker archive that is gzipped, whoever made it: its pgzip 1.2.5 loses the end",
	},
	{
		peers: []string{"podman"}, origins: several, forms: []string{"docker.tar.gz"},
		reason: "podman 4.3 has the same pgzip, and takes an archive of one image as OCI",
	},
	{
		peers: []string{"podman"}, origins: several, forms: ociFiles,
		reason: "podman 4.3 loads an OCI archive of one image only",
	},
	{
		peers: []string{"podman"}, origins: several, part: localhost,
		reason: "podman takes a name without a host in RepoTags to be of localhost",
	},
	{
		peers: []string{"podman"}, origins: []string{"one short name"}, forms: []string{"docker-v1"}, part: localhost,
		reason: "podman takes a name without a host in RepoTags to be of localhost",
	},
	{
		peers: []string{"skopeo-oci"}, origins: []string{"sparse index"}, part: withoutRoots,
		reason: "skopeo copies all of an index, or the image for one platform, which has another digest",
	},
	{
		peers: []string{"regctl"}, origins: []string{"sparse index"}, forms: modern,
		reason: "regctl wants every platform of an index",
	},
}

func limitOf(peer, origin, form string) (limit, bool) {
	has := func(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }
	for _, l := range limits {
		if has(l.peers, peer) && has(l.origins, origin) && has(l.forms, form) {
			return l, true
		}
	}
	return limit{}, false
}

// localhost is how podman completes short names.
func localhost(h holdings) holdings {
	renamed := holdings{}
	for name, v := range h {
		if short, ok := strings.CutPrefix(name, "docker.io/library/"); ok {
			name = "localhost/" + short
		}
		renamed[name] = v
	}
	return renamed
}

func withoutRoots(h holdings) holdings {
	reduced := holdings{}
	for name, v := range h {
		v.Root = ""
		reduced[name] = v
	}
	return reduced
}
