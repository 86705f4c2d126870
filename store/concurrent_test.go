package store_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/imagetest"
	"github.com/imgtool/imgtool/store"
)

const many = 32

// wantMany checks that a store has the many images, whole, and nothing else.
func wantMany(t *testing.T, dir string) {
	t.Helper()
	var want []string
	for i := range many {
		want = append(want, fmt.Sprintf("image%d:latest", i))
	}
	got := strings.Fields(names(t, dir))
	if diff := cmp.Diff(sortedSet(want), sortedSet(got)); diff != "" || len(got) != many {
		t.Errorf("%d images, want %d (-want +got):\n%s", len(got), many, diff)
	}
	wantSwept(t, dir)
}

func sortedSet(list []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range list {
		set[s] = true
	}
	return set
}

func TestPromise01ManyProcesses(t *testing.T) {
	dir := filepath.Join(imagetest.MemoryDir(t), "store")
	var running []*exec.Cmd
	for i := range many {
		cmd := imagetest.Child(t, "load", dir, fmt.Sprintf("image%d", i), strconv.Itoa(i))
		cmd.Stderr = t.Output()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for i, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("load %d: %v", i, err)
		}
	}
	wantMany(t, dir)
}

func TestPromise07PruneBesideLoads(t *testing.T) {
	dir := filepath.Join(imagetest.MemoryDir(t), "store")
	done := make(chan struct{})
	var pruning, loading sync.WaitGroup
	pruning.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := open(t, dir).Prune(t.Context(), store.PruneOptions{}); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range many {
		src := imagetest.Image(t, fmt.Sprintf("image%d", i), imagetest.Layer(t, "base", "base"), imagetest.Layer(t, "i", strconv.Itoa(i)))
		loading.Go(func() {
			if err := load(open(t, dir), src); err != nil {
				t.Error(err)
			}
		})
	}
	loading.Wait()
	close(done)
	pruning.Wait()
	wantMany(t, dir)
}

// A load that relies on a blob of the store keeps it, even if all that used it is removed and pruned before the load commits.
func TestPromise07RemoveBesideLoad(t *testing.T) {
	s := newStore(t)
	base := imagetest.Layer(t, "base", strings.Repeat("base", 1000))
	if err := load(s, imagetest.Image(t, "old", base)); err != nil {
		t.Fatal(err)
	}
	src := imagetest.Image(t, "new", base, imagetest.Layer(t, "new", "1"))
	roots, err := src.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	graph, err := image.Walk(t.Context(), src, roots)
	if err != nil {
		t.Fatal(err)
	}
	txn, err := s.Begin(t.Context(), store.BeginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	if err := image.Copy(t.Context(), txn, src, graph, image.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Remove(t.Context(), "old", store.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prune(t.Context(), store.PruneOptions{}); err != nil {
		t.Fatal(err)
	}
	if ok, _ := s.Has(t.Context(), image.Descriptor{Digest: digest.FromBytes(base)}); ok {
		t.Error("the layer is still in the layout; the test shows nothing")
	}
	if err := txn.Commit(t.Context(), roots); err != nil {
		t.Fatal(err)
	}
	imagetest.Digests(t, s)
}
