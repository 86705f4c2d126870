package command

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDefaultStore(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want string
	}{
		{"variable", map[string]string{"IMGTOOL_STORE": "/s", "XDG_DATA_HOME": "/x", "HOME": "/h"}, "/s"},
		{"data home", map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/imgtool"},
		{"relative data home", map[string]string{"XDG_DATA_HOME": "x", "HOME": "/h"}, "/h/.local/share/imgtool"},
		{"home", map[string]string{"HOME": "/h"}, "/h/.local/share/imgtool"},
		{"nothing", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := defaultStore(func(key string) string { return tt.env[key] }); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	c := newCall(Streams{}, func(string) string { return "" })
	if _, err := c.storeDir(); exitCode(err) != exitUsage || len(hints(err)) == 0 {
		t.Errorf("no home: %v", err)
	}
}

// testVerb is a verb that has flags of every kind and does what the test wants.
func testVerb(run func(ctx context.Context, c *call) error) (v *verb, given map[string]any) {
	given = map[string]any{"all": new(bool), "out": new(string), "filter": new([]string), "n": new(int)}
	return &verb{
		name: "test", max: many, run: run,
		flags: []flag{
			{name: "all", short: "a", value: given["all"], usage: "All"},
			{name: "out", short: "o", value: given["out"], arg: "FILE", usage: "Out"},
			{name: "filter", short: "f", value: given["filter"], arg: "FILTER", usage: "Filter"},
			{name: "", short: "n", value: given["n"], arg: "N", usage: "Number"},
		},
	}, given
}

func TestInvoke(t *testing.T) {
	v, given := testVerb(func(_ context.Context, c *call) error {
		if d := cmp.Diff([]string{"x", "help", "store", "-y"}, c.args); d != "" {
			t.Errorf("arguments (-want +got)\n%s", d)
		}
		return nil
	})
	c := newCall(Streams{}, os.Getenv)
	line := []string{"x", "-af", "a=1,b=2", "--filter", "c", "help", "-n3", "-o=", "--store=/s", "store", "--", "-y"}
	if err := invoke(context.Background(), c, v, line); err != nil {
		t.Fatal(err)
	}
	all, out, filter, n, store := true, "", []string{"a=1,b=2", "c"}, 3, "/s"
	want := map[string]any{"all": &all, "out": &out, "filter": &filter, "n": &n}
	if d := cmp.Diff(want, given); d != "" || c.store != store {
		t.Errorf("store %q, flags (-want +got)\n%s", c.store, d)
	}
	if err := invoke(context.Background(), c, v, []string{"-n", "three"}); !isUsage(err) || !strings.Contains(err.Error(), `"three"`) {
		t.Errorf("a number that is none: %v", err)
	}
}

func TestInvokeCommand(t *testing.T) {
	for _, line := range []string{"-a image sh -c -a --", "-a image -- sh -c -a --", "-a -- image sh -c -a --"} {
		v, given := testVerb(func(_ context.Context, c *call) error {
			if d := cmp.Diff([]string{"image", "sh", "-c", "-a", "--"}, c.args); d != "" {
				t.Errorf("%s: (-want +got)\n%s", line, d)
			}
			return nil
		})
		v.command = true
		if err := invoke(context.Background(), newCall(Streams{}, os.Getenv), v, strings.Fields(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if all, _ := given["all"].(*bool); !*all {
			t.Errorf("%s: the flag before the image was not set", line)
		}
	}
}

func TestResultsAppearOnSuccessAlone(t *testing.T) {
	tests := []struct {
		name      string
		flush     bool
		err       error
		out, errs string
		code      int
	}{
		{"success", false, nil, "results\n", "", 0},
		{"failure", false, errors.New("gone"), "", "imgtool: test: gone\n", 1},
		{"failure behind results", true, errors.New("gone"), "results\n", "imgtool: test: gone\n", 1},
		{"a status is a result", false, exitStatus(4), "results\n", "", 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			c := newCall(Streams{Out: &out, Err: &errs}, os.Getenv)
			c.verb = "test"
			c.out.WriteString("results\n")
			if tt.flush {
				if err := c.flush(); err != nil {
					t.Fatal(err)
				}
			}
			code := finish(context.Background(), c, tt.err)
			if out.String() != tt.out || errs.String() != tt.errs || code != tt.code {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, out.String(), errs.String())
			}
		})
	}
}

func TestPromise03Signals(t *testing.T) {
	for sig, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(sig.String(), func(t *testing.T) {
			ctx, stop := withSignals(context.Background())
			defer stop()
			if err := syscall.Kill(os.Getpid(), sig); err != nil {
				t.Fatal(err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Second):
				t.Fatal("the context was not cancelled")
			}
			var out, errs bytes.Buffer
			c := newCall(Streams{Out: &out, Err: &errs}, os.Getenv)
			c.verb = "load"
			c.out.WriteString("Loaded image: x\n")
			if got := finish(ctx, c, nil); got != want || out.Len() > 0 || errs.Len() == 0 {
				t.Errorf("exit code %d, want %d; stdout %q, stderr %q", got, want, out.String(), errs.String())
			}
		})
	}
}

func TestStoreNames(t *testing.T) {
	dir := t.TempDir()
	index := `{"schemaVersion":2,"manifests":[
	{"digest":"` + idA + `","size":1,"annotations":{"io.containerd.image.name":"docker.io/library/nginx:1"}},
	{"digest":"` + idB + `","size":1,"annotations":{"org.opencontainers.image.ref.name":"v1"}},
	{"digest":"` + idB + `","size":1,"annotations":{"io.containerd.image.name":"docker.io/a/b:c"}}]}`
	if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(index), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newCall(Streams{}, os.Getenv)
	c.store = dir
	if d := cmp.Diff([]string{"a/b:c", "nginx:1"}, c.storeNames()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	c.store = filepath.Join(dir, "none")
	if names := c.storeNames(); names != nil {
		t.Errorf("a store that is not there: %q", names)
	}
}
