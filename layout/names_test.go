package layout_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layout"
)

func TestHostile19NamesThatAreNone(t *testing.T) {
	for _, tt := range []struct{ name, annotation string }{
		{"looks like an ID", strings.Repeat("a", 64)},
		{"control characters", "app\x1b[2J:1"},
		{"upper case", "APP:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			index, err := image.Encode(map[string]any{"schemaVersion": 2, "manifests": []any{map[string]any{
				"mediaType": "application/x", "digest": "sha256:" + strings.Repeat("0", 64), "size": 1,
				"annotations": map[string]string{image.AnnotationName: tt.annotation},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			var warnings []string
			l, err := layout.Open(fstest.MapFS{
				"index.json": {Data: index}, "oci-layout": {Data: []byte(`{"imageLayoutVersion":"1.0.0"}`)},
			}, layout.Options{Warn: func(s string) { warnings = append(warnings, s) }})
			if err != nil {
				t.Fatal(err)
			}
			roots, err := l.Roots(t.Context())
			if err != nil || roots[0].Name != "" || len(warnings) != 1 {
				t.Errorf("name %q, warnings %q, %v", roots[0].Name, warnings, err)
			}
		})
	}
}
