package faulttest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/internal/imagetest"
)

// diskSize is that of the file systems that are filled, and bigLayer that of a layer that does not fit.
const (
	diskSize = 56 << 20
	bigLayer = 64 << 20
)

func TestPromise05FullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	in := imagetest.MemoryDir(t)
	small := dockerArchive(t, madeImage{"small:1", [][]byte{layerOf(t, 1, 100_000)}})
	big := dockerArchive(t, madeImage{"big:1", [][]byte{layerOf(t, 1, 100_000), layerOf(t, 9, bigLayer)}})
	writeFile(t, small, in, "small.tar")
	writeFile(t, big, in, "big.tar")
	elsewhere := newScene(t, in)
	elsewhere.must(t, "load", "{in}/big.tar")
	for _, test := range []struct {
		name  string
		run   string
		stdin []byte
		zip   bool
	}{
		{name: "load", run: "load {in}/big.tar"},
		{name: "load from a pipe", run: "load", stdin: big},
		{name: "load gzip", run: "load {in}/big.tar.gz", zip: true},
		{name: "save", run: "save -o out/a.tar big:1 --store " + elsewhere.store()},
		{name: "save docker-v1", run: "save --format docker-v1 -o out/a.tar big:1 --store " + elsewhere.store()},
		{name: "save zstd", run: "save --compression zstd:1 -o out/a.tar big:1 --store " + elsewhere.store()},
		{name: "convert", run: "convert {in}/big.tar out/a.tar"},
		{name: "convert to a directory", run: "convert {in}/big.tar oci:out/a"},
		{name: "convert into a directory", run: "convert {in}/big.tar oci:out/there"},
		{name: "convert into the store", run: "convert {in}/big.tar made:1"},
	} {
		for _, mount := range []func(t *testing.T) string{mountExt4, mountTmpfs} {
			if test.zip && !exists(in, "big.tar.gz") {
				writeFile(t, gzipped(t, big), in, "big.tar.gz")
			}
			dir := ""
			t.Run(test.name, func(t *testing.T) {
				dir = mount(t)
				sc := sceneIn(t, dir, in)
				sc.must(t, "load", "{in}/small.tar")
				sc.must(t, "convert", "{in}/small.tar", "oci:out/there")
				st := &stage{job: job{run: test.run}, model: sc, before: sc.state(t), input: test.stdin}
				fillDisk(t, st)
			})
			if !full() {
				break // ext4 alone
			}
		}
	}
}

func exists(path ...string) bool {
	_, err := os.Stat(filepath.Join(path...))
	return err == nil
}

// fillDisk runs a command for which there is not enough space, and checks what it says and leaves.
func fillDisk(t *testing.T, st *stage) {
	t.Helper()
	sc := st.model
	free := freeBytes(t, sc.dir)
	r := traced{result: finish(t, st.command(sc))}
	t.Logf("exit %d: %s", r.code, r.stderr)
	wantFailure(t, st, r, noSpace)
	if diff := cmp.Diff(st.before, sc.state(t)); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
	sc.wantStoreAtRest(t)
	sc.wantNoTemporaries(t)
	if now := freeBytes(t, sc.dir); now < free-256<<10 {
		t.Errorf("%d bytes free, %d before", now, free)
	}
	sc.must(t, "verify")
	sc.must(t, "tag", "small:1", "small:2")
	sc.must(t, "rmi", "small:1", "small:2")
	sc.must(t, "load", "{in}/small.tar")
}

func freeBytes(t *testing.T, dir string) int64 {
	t.Helper()
	syscall.Sync() // what was deleted is free once that is written
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return int64(st.Bfree) * st.Bsize
}

// mountExt4 returns the root of a small file system in a file.
func mountExt4(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"mkfs.ext4", "mount", "losetup"} {
		if _, err := exec.LookPath(name); err != nil {
			imagetest.Skip(t, "there is no "+name)
		}
	}
	disk := filepath.Join(imagetest.MemoryDir(t), "disk")
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, diskSize); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", disk).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
	return mountAt(t, "-o", "loop", disk)
}

func mountTmpfs(t *testing.T) string {
	t.Helper()
	return mountAt(t, "-t", "tmpfs", "-o", "size=56m", "tmpfs")
}

// mountAt mounts something at a new directory for as long as the test runs.
func mountAt(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", append(args, dir)...).CombinedOutput(); err != nil {
		imagetest.Skip(t, "mount: "+err.Error()+": "+strings.TrimSpace(string(out)))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}
