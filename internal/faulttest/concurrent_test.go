package faulttest_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// many makes archives N.tar with the images imageN:1, which share a layer, and returns how many.
func many(t *testing.T, in string) int {
	t.Helper()
	base := layerOf(t, 1, 50_000)
	const n = 32
	for i := range n {
		name := fmt.Sprintf("image%d:1", i)
		writeFile(t, dockerArchive(t, madeImage{name, [][]byte{base, layerOf(t, byte(100+i), 3000)}}), in, fmt.Sprintf("%d.tar", i))
	}
	return n
}

// A crowd is commands that run at once.
type crowd struct {
	group sync.WaitGroup
	mu    sync.Mutex
	fails []string
}

// run starts commands, one behind the other. An exit code that is none of these is a failure.
func (c *crowd) run(t *testing.T, sc scene, lines []string, codes ...int) {
	c.group.Go(func() {
		for _, line := range lines {
			r := finish(t, sc.command(strings.Fields(line)...))
			if !slices.Contains(codes, r.code) {
				c.mu.Lock()
				c.fails = append(c.fails, fmt.Sprintf("imgtool %s: exit %d: %s", line, r.code, r.stderr))
				c.mu.Unlock()
			}
		}
	})
}

// wait waits for all of them, and fails the test if one has failed or anything is left that should not be.
func (c *crowd) wait(t *testing.T, sc scene) {
	t.Helper()
	c.group.Wait()
	for _, f := range c.fails {
		t.Error(f)
	}
	sc.wantStoreAtRest(t)
	sc.wantNoTemporaries(t)
	sc.must(t, "verify")
}

// wantNames checks what the store of a scene holds.
func wantImages(t *testing.T, sc scene, n int) {
	t.Helper()
	if got := auditLayout(t, sc.store()).Images; len(got) != n {
		t.Errorf("%d images, want %d: %q", len(got), n, got)
	}
}

func TestPromise01ManyLoadsAtOnce(t *testing.T) {
	t.Parallel()
	sc := newScene(t, t.TempDir())
	n := many(t, sc.in)
	var c crowd
	for i := range n {
		c.run(t, sc, []string{fmt.Sprintf("load {in}/%d.tar", i)}, 0)
	}
	c.wait(t, sc)
	wantImages(t, sc, n)
}

func TestPromise07LoadsBesidePrunes(t *testing.T) {
	t.Parallel()
	sc := newScene(t, t.TempDir())
	many(t, sc.in)
	rounds := 4
	if full() {
		rounds = 40
	}
	var c crowd
	var prunes []string
	for range 2 * rounds {
		prunes = append(prunes, "prune -f")
	}
	for range 3 {
		c.run(t, sc, prunes, 0)
	}
	for i := range 4 {
		var loads []string
		for range rounds { // the name moves, and what had it is pruned
			loads = append(loads, fmt.Sprintf("load {in}/%d.tar", i), fmt.Sprintf("load -t moving:%d {in}/%d.tar", i, i+4), fmt.Sprintf("load -t moving:%d {in}/%d.tar", i, i+8))
		}
		c.run(t, sc, loads, 0)
	}
	c.wait(t, sc)
	sc.must(t, "prune", "-f")
	sc.wantStoreAtRest(t)
	for i := range 4 {
		sc.must(t, "inspect", fmt.Sprintf("image%d:1", i), fmt.Sprintf("moving:%d", i))
	}
}

func TestPromise02LoadsBesideRemovals(t *testing.T) {
	t.Parallel()
	sc := newScene(t, t.TempDir())
	many(t, sc.in)
	rounds := 6
	if full() {
		rounds = 60
	}
	var c crowd
	for i := range 6 {
		verb := []string{"load {in}/0.tar", "rmi image0:1", "tag image0:1 other:1", "rmi other:1", "load {in}/1.tar", "images"}[i]
		c.run(t, sc, slices.Repeat([]string{verb}, rounds), 0, 3)
	}
	c.wait(t, sc)
	sc.must(t, "inspect", "image1:1")
}

func TestPromise10SavesToOneFile(t *testing.T) {
	t.Parallel()
	sc := newScene(t, t.TempDir())
	many(t, sc.in)
	var want []string
	for i := range 4 {
		sc.must(t, "load", fmt.Sprintf("{in}/%d.tar", i))
		sc.must(t, "save", "-o", fmt.Sprintf("one%d.tar", i), fmt.Sprintf("image%d:1", i))
		want = append(want, contents(t, filepath.Join(sc.dir, fmt.Sprintf("one%d.tar", i)))["."])
	}
	var c crowd
	for i := range 4 {
		c.run(t, sc, slices.Repeat([]string{fmt.Sprintf("save -o out/a.tar image%d:1", i)}, 8), 0)
		c.run(t, sc, slices.Repeat([]string{fmt.Sprintf("save --format oci -o out/dir/ image%d:1", i)}, 4), 0)
	}
	c.wait(t, sc)
	if got := contents(t, filepath.Join(sc.dir, "out/a.tar"))["."]; !slices.Contains(want, got) {
		t.Error("the file is none of those that were written")
	}
	if got := auditLayout(t, filepath.Join(sc.dir, "out/dir")); len(got.Images) != 4 || len(got.Unreferenced)+len(got.Stray) > 0 {
		t.Errorf("the directory holds %+v, want 4 images", got)
	}
}

func TestSpec19SecondLoadSaysTheSame(t *testing.T) {
	t.Parallel()
	sc := newScene(t, t.TempDir())
	raw := dockerArchive(t, madeImage{"app:1", [][]byte{layerOf(t, 1, 1000)}})
	writeFile(t, raw, sc.in, "a.tar")
	first := sc.must(t, "load", "{in}/a.tar")
	before := contents(t, sc.store())
	cmd := sc.command("load")
	cmd.Stdin = bytes.NewReader(raw)
	if second := finish(t, cmd); second.stdout != first || second.code != 0 {
		t.Errorf("exit %d, stdout %q, the first time %q", second.code, second.stdout, first)
	}
	if after := contents(t, sc.store()); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Error("the second load has changed the store")
	}
}
