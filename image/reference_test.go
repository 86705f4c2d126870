package image

import "testing"

func TestParseReference(t *testing.T) {
	for _, tt := range []struct{ in, want, familiar, tag string }{
		{"nginx", "docker.io/library/nginx:latest", "nginx:latest", "latest"},
		{"docker.io/library/nginx:1", "docker.io/library/nginx:1", "nginx:1", "1"},
		{"localhost/app", "localhost/app:latest", "localhost/app:latest", "latest"},
		{"reg.example:5000/a/b:v1", "reg.example:5000/a/b:v1", "reg.example:5000/a/b:v1", "v1"},
		{
			"nginx@sha256:0123456789012345678901234567890123456789012345678901234567890123",
			"docker.io/library/nginx@sha256:0123456789012345678901234567890123456789012345678901234567890123",
			"nginx@sha256:0123456789012345678901234567890123456789012345678901234567890123", "",
		},
	} {
		ref, err := ParseReference(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if string(ref) != tt.want || ref.Familiar() != tt.familiar || ref.Tag() != tt.tag {
			t.Errorf("%s: %s, familiar %s, tag %q", tt.in, ref, ref.Familiar(), ref.Tag())
		}
	}
	for _, bad := range []string{
		"", "UPPER", "a b", "a\x1b[31m", "a:b:c", "-x", "/abs", "a//b", "a:" + string(make([]byte, 200)),
		"0123456789012345678901234567890123456789012345678901234567890123",
		"0123456789012345678901234567890123456789012345678901234567890123:1",
		"sha256:0123456789012345678901234567890123456789012345678901234567890123", "sha256:2d24", "sha512",
	} {
		if ref, err := ParseReference(bad); err == nil {
			t.Errorf("%q was taken for %s", bad, ref)
		}
	}
}

func TestSpec10TagAloneIsNoName(t *testing.T) {
	for _, tt := range []struct {
		name        string
		annotations map[string]string
		want        Reference
	}{
		{"nothing", nil, ""},
		{"tag alone", map[string]string{AnnotationRefName: "latest"}, ""},
		{"word", map[string]string{AnnotationRefName: "busybox"}, ""},
		{"full reference", map[string]string{AnnotationRefName: "busybox:1"}, "docker.io/library/busybox:1"},
		{"containerd's name first", map[string]string{AnnotationName: "a/b:1", AnnotationRefName: "c/d:2"}, "docker.io/a/b:1"},
		{"containerd's name without tag", map[string]string{AnnotationName: "busybox"}, "docker.io/library/busybox:latest"},
		{"no reference", map[string]string{AnnotationName: "Not A Name", AnnotationRefName: "v1"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ReferenceOf(tt.annotations); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWrittenKeepsTheSpellingOfTheSource(t *testing.T) {
	for _, tt := range []struct {
		name        string
		annotations map[string]string
		written     string
		refName     string
	}{
		{"no annotation", nil, "app:1", "1"},
		{"a tag", map[string]string{AnnotationRefName: "1"}, "app:1", "1"},
		{"the whole name", map[string]string{AnnotationRefName: "docker.io/library/app:1"}, "docker.io/library/app:1", "docker.io/library/app:1"},
		{"another whole name", map[string]string{AnnotationRefName: "docker.io/library/app:2"}, "app:1", "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Root{}
			r.Annotations = tt.annotations
			r = r.Named("docker.io/library/app:1")
			if r.Written() != tt.written || r.Annotations[AnnotationRefName] != tt.refName || r.Annotations[AnnotationName] != string(r.Name) {
				t.Errorf("written %s, annotations %v", r.Written(), r.Annotations)
			}
		})
	}
}
