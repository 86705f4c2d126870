package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

// An inspection is what inspect tells of an image.
type inspection struct {
	id          digest.Digest
	repoTags    []string
	repoDigests []string
	config      *image.Config
	size        int64
	lastTagTime time.Time         // zero if nobody knows
	descriptor  *image.Descriptor // of what the name points at; left out if nil
}

// object returns the inspection as docker writes it: same members, same order. The member Config is that of the
// image's config, byte for byte but for white space.
func (i inspection) object() (*image.Object, error) {
	c := i.config
	created := ""
	if c.Created != nil {
		created = c.Created.Format(time.RFC3339Nano)
	}
	rootFS := struct {
		Type   string
		Layers []digest.Digest `json:",omitempty"`
	}{"layers", c.DiffIDs}
	members := []struct {
		key   string
		value any
		leave bool
	}{
		{"Id", i.id, false},
		{"RepoTags", append([]string{}, i.repoTags...), false},
		{"RepoDigests", append([]string{}, i.repoDigests...), false},
		{"Parent", c.Parent, false},
		{"Comment", c.Comment, false},
		{"Created", created, false},
		{"DockerVersion", c.DockerVersion, false},
		{"Author", c.Author, false},
		{"Config", c.Config, false},
		{"Architecture", c.Architecture, false},
		{"Variant", c.Variant, c.Variant == ""},
		{"Os", c.OS, false},
		{"OsVersion", c.OSVersion, c.OSVersion == ""},
		{"Size", i.size, false},
		{"RootFS", rootFS, false},
		{"Metadata", map[string]time.Time{"LastTagTime": i.lastTagTime}, false},
		{"Descriptor", i.descriptor, i.descriptor == nil},
	}
	o := &image.Object{}
	for _, m := range members {
		if m.leave {
			continue
		}
		if err := o.Set(m.key, m.value); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// printInspections writes what inspect prints: a JSON array, or for each image a line as a template says, or with
// format "json" an object a line.
func printInspections(w io.Writer, format string, all []inspection) error {
	var objects [][]byte
	for _, i := range all {
		o, err := i.object()
		if err != nil {
			return err
		}
		objects = append(objects, o.Bytes())
	}
	switch format {
	case "":
		return printArray(w, objects)
	case jsonFormat:
		for _, o := range objects {
			if _, err := fmt.Fprintf(w, "%s\n", o); err != nil {
				return err
			}
		}
		return nil
	}
	return executeObjects(w, format, objects)
}

func printArray(w io.Writer, objects [][]byte) error {
	array := append(append([]byte{'['}, bytes.Join(objects, []byte{','})...), ']')
	var buf bytes.Buffer
	if err := json.Indent(&buf, array, "", "    "); err != nil {
		return err
	}
	buf.WriteByte('\n')
	_, err := w.Write(buf.Bytes())
	return err
}

// executeObjects prints each object through a template. A key that docker knows and this image does not have is empty,
// any other key is an error.
func executeObjects(w io.Writer, format string, objects [][]byte) error {
	t, err := parseTemplate(format)
	if err != nil {
		return err
	}
	for _, o := range objects {
		var data map[string]any
		dec := json.NewDecoder(bytes.NewReader(o))
		dec.UseNumber()
		if err := dec.Decode(&data); err != nil {
			return err
		}
		data, _ = withIntegers(data).(map[string]any)
		var line bytes.Buffer
		if t.Execute(&line, data) != nil {
			line.Reset()
			if err := t.Execute(&line, withDefaults(data)); err != nil {
				return usagef("flag --format: %w", err)
			}
		}
		line.WriteByte('\n')
		if _, err := w.Write(line.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// withIntegers makes the numbers of a JSON value ones that templates can compare and print.
func withIntegers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = withIntegers(value)
		}
	case []any:
		for i, value := range v {
			v[i] = withIntegers(value)
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
	}
	return v
}

// withDefaults adds the members that docker's types have and an image may leave out.
func withDefaults(data map[string]any) map[string]any {
	config, ok := data["Config"].(map[string]any)
	if !ok {
		config = map[string]any{}
	}
	for _, key := range []string{"Hostname", "Domainname", "User", "Image", "WorkingDir", "StopSignal"} {
		setDefault(config, key, "")
	}
	for _, key := range []string{"AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce", "ArgsEscaped"} {
		setDefault(config, key, false)
	}
	for _, key := range []string{"Env", "Cmd", "Entrypoint", "OnBuild", "Shell"} {
		setDefault(config, key, []any(nil))
	}
	for _, key := range []string{"ExposedPorts", "Volumes", "Labels"} {
		setDefault(config, key, map[string]any(nil))
	}
	setDefault(config, "Healthcheck", nil)
	data["Config"] = config
	setDefault(data, "Variant", "")
	setDefault(data, "OsVersion", "")
	setDefault(data, "Descriptor", nil)
	if root, ok := data["RootFS"].(map[string]any); ok {
		setDefault(root, "Layers", []any(nil))
	}
	return data
}

func setDefault(m map[string]any, key string, value any) {
	if v, ok := m[key]; !ok || v == nil {
		m[key] = value
	}
}
