package image

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// Reference is the name of an image in docker's normalised form, with a tag or a digest or both:
// docker.io/library/nginx:latest. The empty Reference is no name.
type Reference string

// hexID is what an image ID looks like; docker's reference grammar forbids it as a repository name.
var hexID = regexp.MustCompile(`^[a-f0-9]{64}$`)

// ParseReference returns the normalised form of a name as docker's users write it: nginx is
// docker.io/library/nginx:latest. No host is added to a name that has one.
func ParseReference(s string) (Reference, error) {
	if hexID.MatchString(s) {
		return "", fmt.Errorf("parse reference %q: it looks like an image ID", s)
	}
	named, err := reference.ParseNormalizedNamed(s)
	if err != nil {
		return "", fmt.Errorf("parse reference %q: %w", s, err)
	}
	// Docker refuses the algorithm of a digest as a name, too; sha256:TAG could be taken for one.
	if name := reference.FamiliarName(named); hexID.MatchString(name) || digest.Algorithm(name).Available() {
		return "", fmt.Errorf("parse reference %q: it looks like an image ID", s)
	}
	return Reference(reference.TagNameOnly(named).String()), nil
}

// ParseFullReference is [ParseReference] for annotations that may hold a tag alone: only a name that contains "/", ":"
// or "@" is taken for a reference; for anything else ok is false.
func ParseFullReference(s string) (ref Reference, ok bool) {
	if !strings.ContainsAny(s, "/:@") {
		return "", false
	}
	ref, err := ParseReference(s)
	return ref, err == nil
}

// ReferenceOf returns the name that a root's annotations give it: that of [AnnotationName], else a full reference in
// [AnnotationRefName], else none.
func ReferenceOf(annotations map[string]string) Reference {
	if s := annotations[AnnotationName]; s != "" {
		if ref, err := ParseReference(s); err == nil {
			return ref
		}
	}
	ref, _ := ParseFullReference(annotations[AnnotationRefName])
	return ref
}

// Familiar returns the name as docker prints it: docker.io/library/nginx:1 is nginx:1.
func (r Reference) Familiar() string {
	named, err := reference.ParseNormalizedNamed(string(r))
	if err != nil {
		return string(r)
	}
	return reference.FamiliarString(named)
}

// Repository returns the name without tag and digest, in its familiar form.
func (r Reference) Repository() string {
	named, err := reference.ParseNormalizedNamed(string(r))
	if err != nil {
		return string(r)
	}
	return reference.FamiliarName(named)
}

// Tag returns the tag, or "" for a name that has only a digest.
func (r Reference) Tag() string {
	named, err := reference.ParseNormalizedNamed(string(r))
	if err != nil {
		return ""
	}
	if tagged, ok := named.(reference.Tagged); ok {
		return tagged.Tag()
	}
	return ""
}

// Digest returns the digest that is part of the name, or "".
func (r Reference) Digest() digest.Digest {
	named, err := reference.ParseNormalizedNamed(string(r))
	if err != nil {
		return ""
	}
	if digested, ok := named.(reference.Digested); ok {
		return digested.Digest()
	}
	return ""
}
