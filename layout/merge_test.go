package layout_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/layout"
)

// rootOf returns a root of a blob with this content; a tag alone begins with ":".
func rootOf(content, name string) image.Root {
	r := image.Root{Descriptor: image.Descriptor{Digest: digest.FromString(content), Size: int64(len(content))}}
	if name != "" && name[0] == ':' {
		r.Annotations = map[string]string{image.AnnotationRefName: name[1:]}
		return r
	}
	return r.Named(image.Reference(name))
}

func TestSpec01Merge(t *testing.T) {
	for _, test := range []struct {
		name           string
		old, add, want []image.Root
	}{
		{
			"into nothing",
			nil,
			[]image.Root{rootOf("x", "a:1"), rootOf("x", "b:1"), rootOf("y", "")},
			[]image.Root{rootOf("x", "a:1"), rootOf("x", "b:1"), rootOf("y", "")},
		}, {
			"what is there",
			[]image.Root{rootOf("x", "a:1"), rootOf("y", "")},
			[]image.Root{rootOf("y", ""), rootOf("x", "a:1"), rootOf("x", "")},
			[]image.Root{rootOf("x", "a:1"), rootOf("y", "")},
		}, {
			"a name moves and its image has no other",
			[]image.Root{rootOf("x", "a:1"), rootOf("y", "b:1")},
			[]image.Root{rootOf("z", "a:1")},
			[]image.Root{rootOf("x", ""), rootOf("y", "b:1"), rootOf("z", "a:1")},
		}, {
			"a name moves and its image has another",
			[]image.Root{rootOf("x", "a:1"), rootOf("x", "b:1")},
			[]image.Root{rootOf("z", "a:1")},
			[]image.Root{rootOf("x", "b:1"), rootOf("z", "a:1")},
		}, {
			"a name moves and its image has a tag alone",
			[]image.Root{rootOf("x", "a:1"), rootOf("x", ":v1")},
			[]image.Root{rootOf("z", "a:1")},
			[]image.Root{rootOf("x", ":v1"), rootOf("z", "a:1")},
		}, {
			"an image without a name gets one",
			[]image.Root{rootOf("x", ""), rootOf("y", "")},
			[]image.Root{rootOf("x", "a:1")},
			[]image.Root{rootOf("x", "a:1"), rootOf("y", "")},
		}, {
			"names change places",
			[]image.Root{rootOf("x", "a:1"), rootOf("y", "b:1")},
			[]image.Root{rootOf("y", "a:1"), rootOf("x", "b:1")},
			[]image.Root{rootOf("x", "b:1"), rootOf("y", "a:1")},
		}, {
			"a name twice in what is added",
			nil,
			[]image.Root{rootOf("x", "a:1"), rootOf("y", "a:1")},
			[]image.Root{rootOf("x", ""), rootOf("y", "a:1")},
		}, {
			"Spec10 a tag alone stands once with each image",
			[]image.Root{rootOf("x", ":v1")},
			[]image.Root{rootOf("x", ":v1"), rootOf("x", ":v2"), rootOf("y", ":v1"), rootOf("x", "")},
			[]image.Root{rootOf("x", ":v1"), rootOf("x", ":v2"), rootOf("y", ":v1")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			old := slices.Clone(test.old)
			got := layout.Merge(test.old, test.add)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Merge (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(old, test.old); diff != "" {
				t.Errorf("Merge changes what it is given:\n%s", diff)
			}
			if diff := cmp.Diff(got, layout.Merge(got, test.add)); diff != "" {
				if test.name != "a name twice in what is added" { // its end depends on its beginning
					t.Errorf("a second time (-once +twice):\n%s", diff)
				}
			}
		})
	}
}

// Each name took a look at all the others.
func TestMergeOfManyNamesTakesNoTime(t *testing.T) {
	var many []image.Root
	for i := range 50_000 {
		many = append(many, rootOf("x", fmt.Sprintf("docker.io/library/a:%d", i)))
	}
	start := time.Now()
	if got := layout.Merge(many, many); len(got) != len(many) {
		t.Errorf("%d roots of %d", len(got), len(many))
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A name that does not say whose it is moves, and other annotations are those of the root that was added.
func TestMergeKeepsAnnotations(t *testing.T) {
	r := rootOf("x", "a:1")
	r.Annotations["org.example"] = "kept"
	other := rootOf("y", "a:1")
	want := rootOf("x", "")
	want.Annotations = map[string]string{"org.example": "kept"}
	if diff := cmp.Diff([]image.Root{want, other}, layout.Merge([]image.Root{r}, []image.Root{other})); diff != "" {
		t.Errorf("Merge (-want +got):\n%s", diff)
	}
}
