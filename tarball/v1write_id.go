package tarball

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// v1Layer is a directory of docker before 25: a layer with the json that made it an image before docker 1.10.
type v1Layer struct {
	id    string // 64 hex digits
	json  []byte
	layer image.Descriptor
}

// v1Config is what docker 20.10 writes as json, member by member in its order (moby's image.V1Image).
type v1Config struct {
	ID              string     `json:"id,omitempty"`
	Parent          string     `json:"parent,omitempty"`
	Comment         string     `json:"comment,omitempty"`
	Created         time.Time  `json:"created"`
	Container       string     `json:"container,omitempty"`
	ContainerConfig v1Runtime  `json:"container_config"`
	DockerVersion   string     `json:"docker_version,omitempty"`
	Author          string     `json:"author,omitempty"`
	Config          *v1Runtime `json:"config,omitempty"`
	Architecture    string     `json:"architecture,omitempty"`
	Variant         string     `json:"variant,omitempty"`
	OS              string     `json:"os,omitempty"`
	Size            int64      `json:",omitempty"`
}

// v1Runtime is what docker 20.10 keeps of how an image wants to be run (moby's container.Config).
type v1Runtime struct {
	Hostname        string
	Domainname      string
	User            string
	AttachStdin     bool
	AttachStdout    bool
	AttachStderr    bool
	ExposedPorts    map[string]struct{} `json:",omitempty"`
	Tty             bool
	OpenStdin       bool
	StdinOnce       bool
	Env             []string
	Cmd             stringOrList
	Healthcheck     *v1Healthcheck `json:",omitempty"`
	ArgsEscaped     bool           `json:",omitempty"`
	Image           string
	Volumes         map[string]struct{}
	WorkingDir      string
	Entrypoint      stringOrList
	NetworkDisabled bool   `json:",omitempty"`
	MacAddress      string `json:",omitempty"`
	OnBuild         []string
	Labels          map[string]string
	StopSignal      string       `json:",omitempty"`
	StopTimeout     *int         `json:",omitempty"`
	Shell           stringOrList `json:",omitempty"`
}

type v1Healthcheck struct {
	Test        []string      `json:",omitempty"`
	Interval    time.Duration `json:",omitempty"`
	Timeout     time.Duration `json:",omitempty"`
	StartPeriod time.Duration `json:",omitempty"`
	Retries     int           `json:",omitempty"`
}

// stringOrList is a command that old configs give as one string.
type stringOrList []string

// UnmarshalJSON implements [json.Unmarshaler].
func (l *stringOrList) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil && string(raw) != "null" {
		*l = []string{s}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(l))
}

// emptyTar is the layer without entries that docker knows: the end of an archive and nothing before it.
var emptyTar = image.Descriptor{Digest: "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef", Size: 1024}

// v1Chain returns the directories of an image, the lowest first, with the IDs that docker 20.10 gives them
// (moby's image/v1 and image/tarexport). All but the uppermost have an empty json of 1970.
func v1Chain(im *image.Node) ([]v1Layer, error) {
	top, err := parseV1Config(im.Config)
	if err != nil {
		return nil, err
	}
	layers := im.Manifest.Layers
	if len(layers) == 0 { // an image is a chain of directories, so one without layers has an empty one
		layers = []image.Descriptor{emptyTar}
	}
	var chain []v1Layer
	var chainID, parent digest.Digest
	for i, l := range layers {
		c := v1Config{Created: time.Unix(0, 0).UTC()}
		if i == len(layers)-1 {
			c = top
		}
		chainID = nextChainID(chainID, l.Digest)
		id, err := v1ID(c, chainID, parent)
		if err != nil {
			return nil, err
		}
		c.ID, c.OS = id.Encoded(), top.OS
		if parent != "" {
			c.Parent = parent.Encoded()
		}
		raw, err := json.Marshal(c) // not image.Encode: docker escapes <, > and &
		if err != nil {
			return nil, fmt.Errorf("encode json of layer %s: %w", l.Digest, err)
		}
		chain = append(chain, v1Layer{id: c.ID, json: raw, layer: l})
		parent = id
	}
	return chain, nil
}

// parseV1Config reads of a config what stands in the json of the image's uppermost layer.
func parseV1Config(config *image.Config) (v1Config, error) {
	raw := struct { // these are read leniently by image.ParseConfig, or mean something else in a config
		*v1Config

		Created json.RawMessage `json:"created"`
		Parent  json.RawMessage `json:"parent"`
		ID      json.RawMessage `json:"id"`
	}{v1Config: &v1Config{}}
	if err := image.Decode(config.Raw, &raw); err != nil {
		return v1Config{}, fmt.Errorf("parse config %s: %w", digest.FromBytes(config.Raw), err)
	}
	if config.Created != nil {
		raw.v1Config.Created = *config.Created
	}
	return *raw.v1Config, nil
}

// v1ID returns the ID of a layer: the digest of its json with the chain ID, the parent's ID and sorted keys.
func v1ID(c v1Config, chainID, parent digest.Digest) (digest.Digest, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode json of layer %s: %w", chainID, err)
	}
	members := map[string]any{}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return "", fmt.Errorf("parse json of layer %s: %w", chainID, err)
	}
	for key, value := range values {
		members[key] = value
	}
	members["layer_id"] = chainID
	if parent != "" {
		members["parent"] = parent
	}
	sorted, err := json.Marshal(members)
	return digest.FromBytes(sorted), err
}

// nextChainID returns the chain ID of a layer on the layers of another chain ID (OCI image-spec, config.md).
func nextChainID(below, diffID digest.Digest) digest.Digest {
	if below == "" {
		return diffID
	}
	return digest.FromString(below.String() + " " + diffID.String())
}
