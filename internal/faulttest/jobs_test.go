package faulttest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imgtool/imgtool/internal/imagetest"
)

// A job is a command that faults are given to, and what has happened before it.
type job struct {
	name   string
	setup  []string // command lines
	run    string   // a command line
	stdin  string   // the input that comes through a pipe
	redone int      // the exit code of the same command when its work is done already
}

// jobs are the commands that change something, and verify, which does not. The inputs are those of makeInputs.
var jobs = []job{
	{name: "load", run: "load -i {in}/new.tar"},
	{name: "load over an older image", setup: []string{"load -i {in}/old.tar"}, run: "load -i {in}/new.tar"},
	{name: "load from a pipe", setup: []string{"load -i {in}/old.tar"}, run: "load", stdin: "new.tar"},
	{name: "load gzip", run: "load {in}/new.tar.gz"},
	{name: "load a real archive", setup: []string{"load -i {in}/new.tar"}, run: "load {in}/real.tar"},
	{name: "save", setup: []string{"load {in}/new.tar"}, run: "save -o out/a.tar app:1"},
	{name: "save over a file", setup: []string{"load {in}/new.tar", "save -o out/a.tar base:1"}, run: "save -o out/a.tar app:1 base:1"},
	{name: "save oci", setup: []string{"load {in}/new.tar"}, run: "save --format oci -o out/a.tar app:1"},
	{name: "save docker-v1", setup: []string{"load {in}/new.tar"}, run: "save --format docker-v1 -o out/a.tar app:1"},
	{name: "save to a directory", setup: []string{"load {in}/new.tar"}, run: "save --format oci -o out/a/ app:1"},
	{name: "save zstd", setup: []string{"load {in}/new.tar"}, run: "save --compression zstd -o out/a.tar.gz app:1"},
	{name: "convert", run: "convert {in}/new.tar out/a.tar --compression gzip"},
	{name: "convert to a directory", run: "convert {in}/new.tar oci:out/a"},
	{name: "convert into a directory", setup: []string{"convert {in}/old.tar ./out/a/"}, run: "convert {in}/new.tar ./out/a/"},
	{name: "convert into the store", setup: []string{"load {in}/old.tar"}, run: "convert {in}/single.tar made:2"},
	{name: "rmi the last name", setup: []string{"load {in}/new.tar"}, run: "rmi app:1", redone: 3},
	{name: "rmi one of two names", setup: []string{"load {in}/new.tar", "tag app:1 more:2"}, run: "rmi more:2", redone: 3},
	{name: "prune", setup: []string{"load {in}/old.tar", "load {in}/new.tar"}, run: "prune -a -f"},
	{name: "tag", setup: []string{"load {in}/new.tar"}, run: "tag app:1 base:1"},
	{name: "verify", setup: []string{"load {in}/new.tar"}, run: "verify"},
}

// makeInputs returns a directory with the archives of jobs: new.tar has app:1 and base:1, which share a layer, old.tar
// another app:1 with one of its layers.
func makeInputs(t *testing.T) string {
	t.Helper()
	dir := imagetest.MemoryDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	base, top, older := layerOf(t, 1, 300_000), layerOf(t, 2, 1_200_000), layerOf(t, 3, 1000)
	single := madeImage{"app:1", [][]byte{base, top}}
	archive := dockerArchive(t, single, madeImage{"base:1", [][]byte{base}})
	writeFile(t, archive, dir, "new.tar")
	writeFile(t, gzipped(t, archive), dir, "new.tar.gz")
	writeFile(t, dockerArchive(t, madeImage{"app:1", [][]byte{base, older}}), dir, "old.tar")
	writeFile(t, dockerArchive(t, single), dir, "single.tar")
	raw, err := os.ReadFile("../../testdata/archives/docker20.tar")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, raw, dir, "real.tar")
	return dir
}

// A stage is a job with the scene before it, and what is there before and after it.
type stage struct {
	job

	model         scene
	before, after state
	end           map[string]string // everything that is there after it
	input         []byte            // what comes through the pipe
}

// prepare runs a job's setup, and in a copy the job.
func prepare(t *testing.T, in string, j job) *stage {
	t.Helper()
	s := &stage{job: j, model: newScene(t, in)}
	for _, line := range j.setup {
		s.model.must(t, strings.Fields(line)...)
	}
	if j.stdin != "" {
		raw, err := os.ReadFile(filepath.Join(in, j.stdin))
		if err != nil {
			t.Fatal(err)
		}
		s.input = raw
	}
	s.before = s.model.state(t)
	done := copyScene(t, s.model)
	if r := finish(t, s.command(done)); r.code != 0 {
		t.Fatalf("%s: exit %d: %s", j.run, r.code, r.stderr)
	}
	done.wantStoreAtRest(t)
	done.wantNoTemporaries(t)
	s.after, s.end = done.state(t), done.everything(t)
	return s
}

// command returns the job's command in a scene.
func (s *stage) command(at scene) *exec.Cmd {
	cmd := at.command(strings.Fields(s.run)...)
	if s.input != nil {
		cmd.Stdin = bytes.NewReader(s.input)
	}
	return cmd
}
