package tarball

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// v1Document is the part of <id>/json that is read. The rest goes into the config as it is.
type v1Document struct {
	ID              string          `json:"id"`
	Parent          string          `json:"parent"`
	Created         json.RawMessage `json:"created"`
	Author          string          `json:"author"`
	Comment         string          `json:"comment"`
	Throwaway       bool            `json:"throwaway"` // its layer was empty and may be left out
	ContainerConfig *struct {
		Cmd json.RawMessage `json:"Cmd"`
	} `json:"container_config"`
}

// v1Only are the members of <id>/json that are of no meaning for a config (moby, image/v1).
var v1Only = []string{"id", "parent", "parent_id", "layer_id", "throwaway", "Size"}

func (o *opener) v1Document(id string) (doc v1Document, raw []byte, err error) {
	name := id + "/json"
	raw, err = o.document(name)
	if err != nil {
		return doc, nil, err
	}
	if err := image.Decode(raw, &doc); err != nil {
		return doc, nil, fmt.Errorf("parse %s: %w", name, err)
	}
	return doc, raw, nil
}

// v1History is an entry of a config's history, in the order of members that docker writes, and behind them the ID that
// the step had as an image of its own.
type v1History struct {
	Created    json.RawMessage `json:"created,omitempty"`
	Author     string          `json:"author,omitempty"`
	CreatedBy  string          `json:"created_by,omitempty"`
	Comment    string          `json:"comment,omitempty"`
	EmptyLayer bool            `json:"empty_layer,omitempty"`
	ID         string          `json:"id"`
}

func (d *v1Document) history(id string, empty bool) v1History {
	h := v1History{Author: d.Author, Comment: d.Comment, EmptyLayer: empty, ID: id}
	var t time.Time
	if string(d.Created) != "null" && json.Unmarshal(d.Created, &t) == nil {
		h.Created = d.Created
	}
	if d.ContainerConfig != nil {
		h.CreatedBy = commandLine(d.ContainerConfig.Cmd)
	}
	return h
}

// commandLine returns the words of a command joined by spaces. Some are written as one string.
func commandLine(raw json.RawMessage) string {
	var words []string
	if json.Unmarshal(raw, &words) == nil {
		return strings.Join(words, " ")
	}
	var line string
	_ = json.Unmarshal(raw, &line) // anything else is no command
	return line
}

// v1Step is what one image of a chain gives to those that were built on it.
type v1Step struct {
	history v1History
	blob    image.Descriptor
	diffID  digest.Digest // "" without a layer
	err     error         // why it cannot be used
}

// v1Step reads an image of a chain, once.
func (o *opener) v1Step(ctx context.Context, id string) v1Step {
	s, ok := o.v1[id]
	if !ok {
		s.err = o.readV1Step(ctx, id, &s)
		o.v1[id] = s
	}
	return s
}

func (o *opener) readV1Step(ctx context.Context, id string, s *v1Step) error {
	doc, _, err := o.v1Document(id)
	if err != nil {
		return err
	}
	m, err := o.v1Layer(ctx, id, doc.Throwaway)
	if err != nil {
		return err
	}
	s.history = doc.history(id, m == nil)
	if m == nil {
		return nil
	}
	if s.blob, err = o.blobOf(ctx, m); err != nil {
		return err
	}
	s.diffID, err = o.diffIDOf(ctx, m)
	return err
}

// v1Image makes config and manifest of a v1 image: the members of its own json that are not v1's alone, rootfs of the
// layers that have entries, history of all its parents.
func (o *opener) v1Image(ctx context.Context, chains *v1Chains, tip string) (image.Descriptor, error) {
	chain, err := chains.of(tip)
	if err != nil {
		return image.Descriptor{}, err
	}
	var layers []image.Descriptor
	diffIDs, history := []digest.Digest{}, []v1History{}
	for _, id := range chain {
		step := o.v1Step(ctx, id)
		if step.err != nil {
			return image.Descriptor{}, step.err
		}
		history = append(history, step.history)
		if step.diffID != "" {
			layers, diffIDs = append(layers, step.blob), append(diffIDs, step.diffID)
		}
	}
	_, raw, err := o.v1Document(tip)
	if err != nil {
		return image.Descriptor{}, err
	}
	config, err := configFromV1(raw, diffIDs, history)
	if err != nil {
		return image.Descriptor{}, fmt.Errorf("make config: %w", err)
	}
	d, err := o.make(mediaTypeConfig, config)
	if err != nil {
		return image.Descriptor{}, err
	}
	return o.addManifest(d, layers)
}

// configFromV1 returns a config with the members of a v1 image's json in their order, then rootfs and history.
func configFromV1(raw []byte, diffIDs []digest.Digest, history []v1History) ([]byte, error) {
	object, err := image.ParseObject(raw)
	if err != nil {
		return nil, err
	}
	for _, key := range append([]string{"rootfs", "history"}, v1Only...) {
		object.Delete(key)
	}
	err = object.Set("rootfs", struct {
		Type    string          `json:"type"`
		DiffIDs []digest.Digest `json:"diff_ids"`
	}{"layers", diffIDs})
	if err == nil {
		err = object.Set("history", history)
	}
	return object.Bytes(), err
}

// v1Layer returns the layer of a v1 image, or nil if it has no entries.
func (o *opener) v1Layer(ctx context.Context, id string, throwaway bool) (*layerMember, error) {
	m, err := o.layerMember(id + "/layer.tar")
	switch {
	case errors.Is(err, image.ErrMissing) && throwaway:
		return nil, nil
	case errors.Is(err, image.ErrMissing):
		return nil, image.Missingf("%s/layer.tar: %w", id, image.ErrMissing)
	case err != nil:
		return nil, err
	}
	none, err := o.isEmpty(ctx, m)
	if none || err != nil {
		return nil, err
	}
	return m, nil
}
