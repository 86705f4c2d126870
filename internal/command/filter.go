package command

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/imgtool/imgtool/image"
)

// An imageFilter is what the -f flags of images ask for. Its zero value keeps everything.
type imageFilter struct {
	dangling      *bool
	labels        []string // KEY or KEY=VALUE; all of them
	references    []string // patterns as of path.Match; one of them
	before, since []string // images, of which the verb finds the times
	until, from   *time.Time
}

// A candidate is what a filter looks at.
type candidate struct {
	name    image.Reference // "" for none
	tag     string          // of an image without a name: a tag alone
	labels  map[string]string
	created *time.Time
}

// parseFilters reads KEY=VALUE flags.
func parseFilters(given []string) (*imageFilter, error) {
	f := &imageFilter{}
	for _, s := range given {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, usagef("filter %q: not KEY=VALUE", s)
		}
		if err := f.add(strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *imageFilter) add(key, value string) error {
	switch key {
	case "dangling":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return usagef("filter dangling=%s: not true or false", printable(value))
		}
		f.dangling = &b
	case "label":
		f.labels = append(f.labels, value)
	case "reference":
		if _, err := path.Match(value, ""); err != nil {
			return usagef("filter reference=%s: %w", printable(value), err)
		}
		f.references = append(f.references, value)
	case "before":
		f.before = append(f.before, value)
	case "since":
		f.since = append(f.since, value)
	default:
		return usagef("filter %q: there are dangling, label, before, since and reference", key)
	}
	return nil
}

// resolve finds out when the images of before and since were made. It has to be called before keep if there are any.
func (f *imageFilter) resolve(created func(ref string) (*time.Time, error)) error {
	for _, ref := range f.before {
		t, err := created(ref)
		if err != nil {
			return at("--filter before="+ref, err)
		}
		if f.until == nil || t != nil && t.Before(*f.until) {
			f.until = orZero(t)
		}
	}
	for _, ref := range f.since {
		t, err := created(ref)
		if err != nil {
			return at("--filter since="+ref, err)
		}
		if f.from == nil || t != nil && t.After(*f.from) {
			f.from = orZero(t)
		}
	}
	return nil
}

// orZero makes the zero time of none: an image that does not say when it was made is older than all others.
func orZero(t *time.Time) *time.Time {
	if t == nil {
		t = &time.Time{}
	}
	return t
}

// keep reports whether an image fits all filters.
func (f *imageFilter) keep(c candidate) bool {
	created := *orZero(c.created)
	switch {
	case f.dangling != nil && *f.dangling != (c.name == "" && c.tag == ""),
		f.until != nil && !created.Before(*f.until),
		f.from != nil && !created.After(*f.from):
		return false
	}
	return f.labelled(c.labels) && f.named(c.name)
}

func (f *imageFilter) labelled(labels map[string]string) bool {
	for _, want := range f.labels {
		key, value, exact := strings.Cut(want, "=")
		have, ok := labels[key]
		if !ok || exact && have != value {
			return false
		}
	}
	return true
}

// named reports whether a pattern fits the familiar name, with its tag or without.
func (f *imageFilter) named(name image.Reference) bool {
	if len(f.references) == 0 {
		return true
	}
	if name == "" {
		return false
	}
	for _, pattern := range f.references {
		whole, _ := path.Match(pattern, name.Familiar())
		bare, _ := path.Match(pattern, name.Repository())
		if whole || bare {
			return true
		}
	}
	return false
}
