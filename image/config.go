package image

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
)

// Config is an image config with the bytes it was read from (OCI image-spec, config.md, with Docker's additions).
type Config struct {
	Raw []byte // as read; its digest is the image's ID

	Platform

	Created       *time.Time // nil if the config does not say
	Author        string
	Comment       string          // Docker's
	Parent        string          // Docker's: the ID of the image it was built on
	DockerVersion string          // Docker's
	Config        json.RawMessage // the member "config" as it stands: how the image wants to be run
	HasDiffIDs    bool            // false for a config without rootfs.diff_ids: nothing can be checked against it
	DiffIDs       []digest.Digest
	History       []History // oldest first
}

// History is how one layer, or a change without a layer, came about.
type History struct {
	ID         string // of the image that this step made, where it is known: the member "id" that a v1 image's history gets
	Created    *time.Time
	CreatedBy  string
	Author     string
	Comment    string
	EmptyLayer bool
}

// Runtime is how an image wants to be run: the member "config" of its config.
type Runtime = dockerspec.DockerOCIImageConfig

// configDocument is the part of a config that is read. A field that old images get wrong is read leniently.
type configDocument struct {
	Platform

	Created       json.RawMessage   `json:"created"`
	Author        string            `json:"author"`
	Comment       string            `json:"comment"`
	Parent        string            `json:"parent"`
	DockerVersion string            `json:"docker_version"`
	Config        json.RawMessage   `json:"config"`
	RootFS        *rootFS           `json:"rootfs"`
	History       []historyDocument `json:"history"`
}

type rootFS struct {
	DiffIDs []digest.Digest `json:"diff_ids"`
}

type historyDocument struct {
	ID         string          `json:"id"`
	Created    json.RawMessage `json:"created"`
	CreatedBy  string          `json:"created_by"`
	Author     string          `json:"author"`
	Comment    string          `json:"comment"`
	EmptyLayer bool            `json:"empty_layer"`
}

// ParseConfig reads an image config. Missing history, created, rootfs.type and diff IDs are tolerated.
func ParseConfig(raw []byte) (*Config, error) {
	var doc configDocument
	if err := Decode(raw, &doc); err != nil {
		return nil, err
	}
	c := &Config{
		Raw: raw, Platform: doc.Platform, Created: parseTime(doc.Created), Author: doc.Author, Comment: doc.Comment,
		Parent: doc.Parent, DockerVersion: doc.DockerVersion, Config: doc.Config,
	}
	for _, h := range doc.History {
		c.History = append(c.History, History{h.ID, parseTime(h.Created), h.CreatedBy, h.Author, h.Comment, h.EmptyLayer})
	}
	if doc.RootFS == nil || doc.RootFS.DiffIDs == nil {
		return c, nil
	}
	c.HasDiffIDs, c.DiffIDs = true, doc.RootFS.DiffIDs
	for _, id := range c.DiffIDs {
		if err := ValidDigest(id); err != nil {
			return nil, fmt.Errorf("rootfs.diff_ids: %w", err)
		}
	}
	return c, nil
}

// parseTime returns nil for a time that is missing, null, empty or not in RFC 3339: no image is refused for its date.
func parseTime(raw json.RawMessage) *time.Time {
	var t time.Time
	if len(raw) == 0 || string(raw) == "null" || json.Unmarshal(raw, &t) != nil {
		return nil
	}
	return &t
}

// ReadConfig reads and checks the config of an image manifest.
func ReadConfig(ctx context.Context, src Source, m *Manifest) (*Config, error) {
	raw, err := ReadDocument(ctx, src, m.Config)
	if err != nil {
		return nil, err
	}
	c, err := ParseConfig(raw)
	if err != nil {
		return nil, fmt.Errorf("parse config %s: %w", m.Config.Digest, err)
	}
	return c, nil
}

// Runtime returns the member "config" parsed; the zero Runtime if there is none.
func (c *Config) Runtime() (Runtime, error) {
	var r Runtime
	if len(c.Config) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(c.Config, &r); err != nil {
		return r, Damagef("parse config: %w", err)
	}
	return r, nil
}

// FitsLayers returns an error that matches [ErrDamaged] if the config has diff IDs and their number is not n.
func (c *Config) FitsLayers(n int) error {
	if c.HasDiffIDs && len(c.DiffIDs) != n {
		return Damagef("%d layers, but the config has %d diff IDs", n, len(c.DiffIDs))
	}
	return nil
}

// HistoryFits reports whether the history, if there is any, has as many entries with a layer as there are layers.
func (c *Config) HistoryFits(layers int) bool {
	n := 0
	for _, h := range c.History {
		if !h.EmptyLayer {
			n++
		}
	}
	return len(c.History) == 0 || n == layers
}
