package command

import (
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// warnOdd tells what is wrong with the configs of images that are taken all the same (SPEC decisions 7 and 8).
func (c *call) warnOdd(what string, g *image.Graph) {
	unchecked, unfit := 0, 0
	for _, n := range g.All() {
		if n.Kind != image.KindImage || n.Config == nil {
			continue
		}
		layers := len(n.Manifest.Layers)
		if !n.Config.HasDiffIDs && layers > 0 {
			unchecked++
		}
		if !n.Config.HistoryFits(layers) {
			unfit++
		}
	}
	if unchecked > 0 {
		c.warn("%s: no diff IDs in the config of %s, so nothing says what the layers are to hold", what, count(unchecked, "image"))
	}
	if unfit > 0 {
		c.warn("%s: the history of %s does not fit the layers", what, count(unfit, "image"))
	}
	c.warnForeign(what, g)
}

// warnForeign tells of layers that are nowhere but where their URLs say. Nothing is ever fetched.
func (c *call) warnForeign(what string, g *image.Graph) {
	absent := map[digest.Digest]bool{}
	url := ""
	for _, n := range g.All() {
		for _, d := range n.Absent {
			if len(d.URLs) > 0 {
				absent[d.Digest], url = true, d.URLs[0]
			}
		}
	}
	if len(absent) > 0 {
		c.warn("%s: %s not here, and not fetched from elsewhere, as from %q", what, count(len(absent), "foreign layer"), url)
	}
}
