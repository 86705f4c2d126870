package tarball

import (
	"slices"

	"github.com/imgtool/imgtool/image"
)

// v1Chains follows images to their parents.
type v1Chains struct {
	parents map[string]string
	reached map[string]bool
	steps   int
}

// of returns an image and those it was built on, the oldest first.
func (c *v1Chains) of(tip string) ([]string, error) {
	var chain []string
	seen := map[string]bool{}
	for id := tip; id != ""; id = c.parents[id] {
		if seen[id] {
			return nil, image.Damagef("its parents go round in a circle at %s", id)
		}
		if _, ok := c.parents[id]; !ok {
			return nil, image.Damagef("%s/json is not in the archive", id)
		}
		if c.steps++; c.steps > maxParents {
			return nil, image.Damagef("more than %d parents: %w", maxParents, errTooMuch)
		}
		seen[id], c.reached[id] = true, true
		chain = append(chain, id)
	}
	slices.Reverse(chain)
	return chain, nil
}

// allReached returns an error if there are images that only lead to each other.
func (c *v1Chains) allReached() error {
	for id := range c.parents {
		if !c.reached[id] {
			return image.Damagef("parents of v1 images go round in a circle")
		}
	}
	return nil
}
