package layer

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/imgtool/imgtool/image"
)

func TestAuditComparesMediaTypes(t *testing.T) {
	raw := tarOf(t, "a")
	for _, tt := range []struct {
		mediaType, spec string
		sound           bool
	}{
		{ocispec.MediaTypeImageLayer, "none", true},
		{ocispec.MediaTypeImageLayerGzip, "gzip", true},
		{ocispec.MediaTypeImageLayerZstd, "zstd", true},
		{image.MediaTypeDockerLayerGzip, "gzip", true},
		{image.MediaTypeDockerLayer, "none", true},
		{ocispec.MediaTypeImageLayerGzip, "none", false},
		{ocispec.MediaTypeImageLayer, "gzip", false},
		{image.MediaTypeDockerLayerGzip, "zstd", false},
	} {
		t.Run(tt.mediaType+" "+tt.spec, func(t *testing.T) {
			var m image.Memory
			l := m.Add(tt.mediaType, compress(t, tt.spec, raw))
			config := m.Add(ocispec.MediaTypeImageConfig, fmt.Appendf(nil, `{"rootfs":{"diff_ids":[%q]}}`, digest.FromBytes(raw)))
			manifest, err := image.NewManifest(config, []image.Descriptor{l})
			if err != nil {
				t.Fatal(err)
			}
			root := image.Root{Descriptor: m.Add(ocispec.MediaTypeImageManifest, manifest)}
			report, err := Audit(t.Context(), &m, []image.Root{root}, AuditOptions{MediaTypes: true})
			if err != nil {
				t.Fatal(err)
			}
			if sound := len(report.Defects) == 0; sound != tt.sound {
				t.Errorf("defects %v", report.Defects)
			}
			if !tt.sound && (!errors.Is(report.Defects[0], image.ErrDamaged) || !strings.Contains(report.Defects[0].Error(), "media type")) {
				t.Errorf("got %v", report.Defects[0])
			}
		})
	}
}
