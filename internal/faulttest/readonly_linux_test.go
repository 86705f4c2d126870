package faulttest_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reading are the commands that only read the store.
var reading = []string{
	"images", "images -a --digests", "images -q app", "history app:1", "inspect app:1", "inspect --raw app:1", "df", "df -v", "verify", "verify app:1",
	"save app:1", "save --format oci app:1", "save --format docker-v1 app:1", "save -z app:1", "convert app:1 -",
}

// Where a store cannot be written to, whatever reads it works without a temporary: there is no $TMPDIR either.
func TestPromise08ReadOnlyStore(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, sc scene) (run func(*exec.Cmd))
	}{
		{"modes", ownUser},
		{"of somebody else", otherUser},
		{"file system", readOnlyMount},
	} {
		t.Run(test.name, func(t *testing.T) {
			model := loaded(t)
			run := test.prepare(t, model)
			before := contents(t, model.store())
			for _, line := range reading {
				cmd := model.command(strings.Fields(line)...)
				cmd.Env = append(cmd.Env, "TMPDIR=/nonexistent")
				run(cmd)
				if r := finish(t, cmd); r.code != 0 || r.stdout == "" && line != "verify" && line != "verify app:1" || strings.Contains(r.stderr, "stays") {
					t.Errorf("%s: exit %d, stderr %q", line, r.code, r.stderr)
				}
			}
			for _, line := range []string{"load {in}/new.tar", "tag app:1 b:1", "rmi app:1", "prune -a -f"} {
				cmd := model.command(strings.Fields(line)...)
				run(cmd)
				r := finish(t, cmd)
				if r.code != 1 || !strings.Contains(r.stderr, model.store()) {
					t.Errorf("%s: exit %d, stderr %q", line, r.code, r.stderr)
				}
			}
			if diff := cmp.Diff(before, contents(t, model.store())); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
		})
	}
}

// ownUser takes the right to write away from the store's owner, who is not root.
func ownUser(t *testing.T, sc scene) func(*exec.Cmd) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root writes whatever the modes are")
	}
	chmodAll(t, sc.store(), func(mode fs.FileMode) fs.FileMode { return mode &^ 0o222 })
	t.Cleanup(func() { chmodAll(t, sc.store(), func(mode fs.FileMode) fs.FileMode { return mode | 0o200 }) })
	return func(*exec.Cmd) {}
}

// otherUser opens the modes of root's store, as docs/store.md says an owner may, and runs commands as nobody.
func otherUser(t *testing.T, sc scene) func(*exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	for _, dir := range []string{sc.dir, sc.in, filepath.Dir(sc.in), filepath.Dir(os.Getenv(binaryVariable))} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	chmodAll(t, sc.store(), func(mode fs.FileMode) fs.FileMode { return mode | mode&0o500>>3 | mode&0o500>>6 })
	const nobody = 65534
	return func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

func readOnlyMount(t *testing.T, sc scene) func(*exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	// The store stays, with itself mounted over it.
	for _, args := range [][]string{{"--bind", sc.store(), sc.store()}, {"-o", "remount,bind,ro", sc.store()}} {
		if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
			t.Fatalf("mount: %v: %s", err, out)
		}
		if args[0] == "--bind" {
			t.Cleanup(func() {
				if out, err := exec.Command("umount", sc.store()).CombinedOutput(); err != nil {
					t.Errorf("umount: %v: %s", err, out)
				}
			})
		}
	}
	return func(*exec.Cmd) {}
}

func chmodAll(t *testing.T, dir string, change func(fs.FileMode) fs.FileMode) {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		dirs = append(dirs, path)
		return err
	})
	for _, path := range dirs {
		var info fs.FileInfo
		if info, err = os.Lstat(path); err == nil {
			err = os.Chmod(path, change(info.Mode().Perm()))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
