package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// engine speaks to a Docker daemon as its command line does, whose version then does not matter.
type engine struct {
	http http.Client
}

func openEngine(l lab, name string) engine {
	return engine{http: http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", filepath.Join(l.run, name+".sock"))
		},
	}}}
}

// do sends a request and returns the answer's body.
func (e engine) do(method, path string, body io.Reader) ([]byte, error) {
	req, err := http.NewRequest(method, "http://docker"+path, body) //nolint:noctx // a test's
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-tar")
	if strings.HasSuffix(path, "/create") {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := e.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(raw))
	}
	return raw, err
}

// get decodes an answer.
func (e engine) get(path string, v any) error {
	raw, err := e.do(http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// load is docker load. The daemon tells of an error in the middle of its messages.
func (e engine) load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := e.do(http.MethodPost, "/images/load?quiet=1", f)
	if err != nil {
		return err
	}
	for decoder := json.NewDecoder(bytes.NewReader(raw)); ; {
		var message struct{ Error string }
		if err := decoder.Decode(&message); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if message.Error != "" {
			return errors.New(message.Error)
		}
	}
}

// save is docker save.
func (e engine) save(t *testing.T, names []string) (string, error) {
	t.Helper()
	raw, err := e.do(http.MethodGet, "/images/get?"+url.Values{"names": names}.Encode(), nil)
	if err != nil {
		return "", err
	}
	path := filepath.Join(t.TempDir(), "saved.tar")
	return path, os.WriteFile(path, raw, 0o600)
}

// summary is an image in the daemon's list.
type summary struct {
	ID       string `json:"Id"`
	RepoTags []string
}

func (e engine) list(t *testing.T) []summary {
	t.Helper()
	var all []summary
	if err := e.get("/images/json", &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// empty removes all images.
func (e engine) empty(t *testing.T) {
	t.Helper()
	for _, s := range e.list(t) {
		if _, err := e.do(http.MethodDelete, "/images/"+s.ID+"?force=1", nil); err != nil && !strings.Contains(err.Error(), "No such image") {
			t.Fatal(err)
		}
	}
}

// inspect returns what the daemon says of an image.
func (e engine) inspect(id string) (view, error) {
	var answer struct {
		ID     string `json:"Id"`
		RootFS struct{ Layers []digest.Digest }
	}
	if err := e.get("/images/"+url.PathEscape(id)+"/json", &answer); err != nil {
		return view{}, err
	}
	return view{ID: digest.Digest(answer.ID), DiffIDs: answer.RootFS.Layers}, nil
}

// hold returns what the daemon holds, by name.
func (e engine) hold(t *testing.T) (holdings, error) {
	t.Helper()
	h := holdings{}
	for _, s := range e.list(t) {
		v, err := e.inspect(s.ID)
		if err != nil {
			return nil, err
		}
		tags := slices.DeleteFunc(s.RepoTags, func(tag string) bool { return tag == "<none>:<none>" })
		for _, tag := range tags {
			h[normal(tag)] = v
		}
		if len(tags) == 0 {
			h[""] = v
		}
	}
	return h, nil
}

// dockerPeer is a daemon. With the containerd store its IDs are the digests of roots, and it keeps all blobs: what these
// are, only docker save tells.
func dockerPeer(l lab, name string, containerd bool) peer {
	e := openEngine(l, name)
	p := peer{name: name, keeps: keepsAlways(keeps{}), listing: !containerd, saves: []save{{form: "docker", write: e.save}}}
	if containerd {
		p.keeps = keepsRoots
	}
	p.load = func(t *testing.T, s saved) (holdings, error) {
		t.Helper()
		e.empty(t)
		if err := e.load(s.path); err != nil {
			return nil, err
		}
		h, err := e.hold(t)
		if err != nil || !containerd {
			return h, err
		}
		if s.extra {
			maps.DeleteFunc(h, func(name string, _ view) bool { return s.holds[name].Root == "" })
		}
		return e.holdRoots(t, h)
	}
	return p
}

// holdRoots adds to what the daemon says what it saves; both must agree.
func (e engine) holdRoots(t *testing.T, listed holdings) (holdings, error) {
	t.Helper()
	h := holdings{}
	for name, v := range listed {
		id := name
		if name == "" {
			id = v.ID.String()
		}
		path, err := e.save(t, []string{id})
		if err != nil {
			return nil, err
		}
		m := readMembers(t, path)
		for saved, full := range m.hold(t) {
			if normal(saved) != name || full.Root != v.ID || !slices.Equal(full.DiffIDs, v.DiffIDs) {
				return nil, fmt.Errorf("docker save of %q gives %q %v, listed as %v", name, saved, full, v)
			}
			h[name] = full
		}
	}
	return h, nil
}
