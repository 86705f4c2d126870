package image

import (
	"fmt"

	"github.com/containerd/platforms"
)

// ParsePlatform reads os/architecture[/variant], with the same short forms and aliases that docker takes: amd64,
// linux/arm/v7, linux/aarch64.
func ParsePlatform(s string) (Platform, error) {
	p, err := platforms.Parse(s)
	if err != nil {
		return Platform{}, fmt.Errorf("parse platform %q: not OS/ARCH or OS/ARCH/VARIANT", s)
	}
	return platforms.Normalize(p), nil
}

// FormatPlatform returns os/architecture[/variant].
func FormatPlatform(p Platform) string { return platforms.Format(p) }

// Host returns the platform of the machine we run on, as images for it say it: linux, whatever the system is, because
// what is run on another system is run in a Linux machine there.
func Host() Platform {
	p := platforms.DefaultSpec()
	p.OS = "linux"
	return platforms.Normalize(p)
}

// Fits reports whether an image for platform have is one that was asked for by want. What want leaves open (the variant,
// the OS version) may be anything.
func Fits(have, want Platform) bool {
	have, want = platforms.Normalize(have), platforms.Normalize(want)
	if have.OS != want.OS || have.Architecture != want.Architecture {
		return false
	}
	if want.Variant != "" && have.Variant != want.Variant {
		return false
	}
	return want.OSVersion == "" || have.OSVersion == want.OSVersion
}

// Platform returns the platform of a manifest as its descriptor gives it, else as its config does; ok is false if
// neither says.
func (n *Node) Platform() (p Platform, ok bool) {
	if n.Descriptor.Platform != nil && n.Descriptor.Platform.OS != "" {
		return *n.Descriptor.Platform, true
	}
	if n.Config != nil && n.Config.OS != "" {
		return n.Config.Platform, true
	}
	return Platform{}, false
}

// Pick returns the image that a verb for one image takes of a node (SPEC decision 4 and 2): the node itself if it is an
// image; of an index the first whole image that fits host, else, with first, the first whole image that is here, else the
// only one. It returns nil if there is none, or if several are and none of them stands out.
func Pick(top *Node, host Platform, first bool) *Node {
	var whole []*Node
	for _, n := range Images(top) {
		if n == top {
			return n
		}
		if n.Config != nil {
			whole = append(whole, n)
		}
	}
	for _, n := range whole {
		if p, ok := n.Platform(); ok && Fits(p, host) {
			return n
		}
	}
	if len(whole) == 1 || first && len(whole) > 0 {
		return whole[0]
	}
	return nil
}
