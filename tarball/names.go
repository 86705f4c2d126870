package tarball

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/imgtool/imgtool/image"
)

// idName is a name that could be taken for an image ID.
var idName = regexp.MustCompile(`^(sha256:)?[a-f0-9]{64}(:[^/]*)?$`)

// noName is what old dockers wrote for an image without a name.
const noName = "<none>:<none>"

// references returns the names of an image, each once. A name that could deceive is damage; one that is none is
// ignored with a warning.
func (o *opener) references(written []string) ([]image.Reference, error) {
	if len(written) > maxRoots {
		return nil, image.Damagef("more than %d names: %w", maxRoots, errTooMuch)
	}
	var refs []image.Reference
	seen := map[image.Reference]bool{}
	for _, s := range written {
		if s == "" || s == noName {
			continue
		}
		if strings.ContainsFunc(s, unicode.IsControl) {
			return nil, image.Damagef("name %q has control characters", s)
		}
		if idName.MatchString(s) {
			return nil, image.Damagef("name %q looks like an image ID", s)
		}
		ref, err := image.ParseReference(s)
		if err != nil {
			o.warn("name %q is ignored: %v", s, err)
			continue
		}
		if !seen[ref] {
			seen[ref] = true
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// lastNamed settles names that several images claim: the last one has it, as docker loads them. Images whose names
// are all lost stay, without a name.
func (o *opener) lastNamed(roots []image.Root) []image.Root {
	owner := map[image.Reference]int{}
	rooted := map[string]bool{} // images that have kept a root
	for i, r := range roots {
		if r.Name != "" {
			owner[r.Name] = i
		}
	}
	for i, r := range roots {
		if r.Name == "" || owner[r.Name] == i {
			rooted[r.Digest.String()] = true
		}
	}
	var kept []image.Root
	for i, r := range roots {
		if r.Name != "" && owner[r.Name] != i {
			if last := roots[owner[r.Name]]; last.Digest != r.Digest {
				o.warn("name %s stands for several images, the last one has it", r.Name.Familiar())
			}
			if rooted[r.Digest.String()] {
				continue
			}
			rooted[r.Digest.String()] = true
			r = r.Named("")
		}
		kept = append(kept, r)
	}
	return kept
}
