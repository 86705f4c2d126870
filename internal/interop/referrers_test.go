package interop

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
)

// signed is a layout that regctl has made: an image, and an index of the image and an attestation.
type signed struct {
	l     lab
	dir   string
	image string // digest
	index string // digest
	added string // digest of the attestation's manifest
}

func newSigned(t *testing.T, l lab) signed {
	t.Helper()
	s := signed{l: l, dir: l.temp(t)}
	s.regctl(t, "", "image", "import", s.at(":1.0"), produced(t, "docker29-gzip.tar"))
	s.image = s.regctl(t, "", "image", "digest", s.at(":1.0"))
	s.regctl(t, "a statement", "artifact", "put", "--artifact-type", "application/vnd.in-toto+json", "-m", "text/plain", s.at(":statement"))
	s.added = s.regctl(t, "", "manifest", "head", s.at(":statement"))
	s.regctl(t, "", "index", "create", s.at(":multi"), "--ref", s.at(":1.0"), "--desc-platform", "linux/amd64")
	s.regctl(t, "", "index", "add", s.at(":multi"), "--ref", s.at(":statement"), "--desc-platform", "unknown/unknown",
		"--desc-annotation", "vnd.docker.reference.type=attestation-manifest", "--desc-annotation", "vnd.docker.reference.digest="+s.image)
	s.index = s.regctl(t, "", "manifest", "head", s.at(":multi"))
	return s
}

// attach adds a referrer of the image, and a signature in cosign's way.
func (s signed) attach(t *testing.T) {
	t.Helper()
	s.regctl(t, "a bill of materials", "artifact", "put", "--artifact-type", "application/vnd.example.sbom", "-m", "text/plain", "--subject", s.at(":1.0"))
	s.regctl(t, "a signature", "artifact", "put", "--artifact-type", "application/vnd.dev.cosign.simplesigning.v1", "-m", "text/plain",
		s.at(":"+strings.Replace(s.image, ":", "-", 1)+".sig"))
}

func (s signed) at(ref string) string { return "ocidir://" + s.dir + ref }

// regctl returns what it prints; stdin is an artifact's content.
func (s signed) regctl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := s.l.peer("regctl", args...)
	cmd.Stdin = strings.NewReader(stdin)
	return strings.TrimSpace(must(t, cmd))
}

// attached returns what regctl finds attached to the image in a layout: its referrers' index, what each of them holds, and
// the signature.
func (s signed) attached(t *testing.T) []string {
	t.Helper()
	return []string{
		s.regctl(t, "", "artifact", "list", "--format", "raw-body", s.at("@"+s.image)),
		s.regctl(t, "", "artifact", "get", "--subject", s.at("@"+s.image), "--filter-artifact-type", "application/vnd.example.sbom"),
		s.regctl(t, "", "artifact", "get", s.at(":"+strings.Replace(s.image, ":", "-", 1)+".sig")),
	}
}

// TestReferrers takes what points at an image through imgtool, in every format, and has regctl look for it afterwards.
func TestReferrers(t *testing.T) {
	l := openLab(t)
	before := newSigned(t, l)
	before.attach(t)
	want := before.attached(t)
	for _, ref := range []string{"", "::1.0", "::multi"} {
		for _, f := range []form{
			{name: "docker", format: "docker", file: "a.tar"},
			{name: "oci", format: "oci", file: "a.tar"},
			{name: "oci directory", format: "oci", file: "layout/"},
		} {
			t.Run(f.name+" of layout"+ref, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, f.file)
				if f.directory() {
					path += "/"
				}
				l.tool(t, filepath.Join(dir, "store"), "convert", "--format", f.format, before.dir+ref, path)
				after := before
				after.dir = l.temp(t)
				layOut(t, path, after.dir)
				if d := cmp.Diff(want, after.attached(t)); d != "" {
					t.Errorf("-before +after:\n%s", d)
				}
			})
		}
	}
}

// TestAttestations has all peers load an index with an attestation, alone and beside what else points at its image.
func TestAttestations(t *testing.T) { //nolint:tparallel // each test wants the peers for itself
	l := openLab(t)
	before := newSigned(t, l)
	alone := before.save(t)
	before.attach(t)
	attached := before.save(t)
	attached.extra = true
	for _, p := range peers(t, l) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			t.Run("attestation", func(t *testing.T) { before.check(t, p, alone) })
			t.Run("attestation and referrers", func(t *testing.T) { before.check(t, p, attached) })
		})
	}
}

// indexName is the name of the index in archives.
const indexName = "imgtool.example/hello:multi"

// save returns what imgtool saves of the index, and of all that points at what is in it.
func (s signed) save(t *testing.T) saved {
	t.Helper()
	dir := t.TempDir()
	store, path := filepath.Join(dir, "store"), filepath.Join(dir, "a.tar")
	s.l.tool(t, store, "load", "--tag", indexName, "-i", s.dir, s.index)
	s.l.tool(t, store, "save", "-o", path, indexName)
	a := examine(t, path)
	a.holds, a.lists = holdings{indexName: a.holds[indexName]}, holdings{indexName: a.lists[indexName]}
	return a
}

// check has a peer load the index. If it keeps indexes, it must save the attestation too.
func (s signed) check(t *testing.T, p peer, a saved) {
	held, err := p.load(t, a)
	if limit, ok := limitOf(p.name, "attestation", "docker"); ok && a.extra {
		if err == nil {
			t.Fatalf("%s takes it, although it was known that it does not: %s", p.name, limit.reason)
		}
		t.Logf("refused, as known: %s", limit.reason)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if a.extra {
		maps.DeleteFunc(held, func(name string, _ view) bool { return name != indexName })
	}
	if d := compare(a.holds, held, p.keeps("docker")); d != "" {
		t.Errorf("-saved +%s:\n%s", p.name, d)
	}
	if !p.keeps("docker").others || p.saves[0].rewrites {
		return
	}
	path, err := p.saves[0].write(t, []string{indexName})
	if err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(t.TempDir(), "store")
	s.l.tool(t, store, "load", path)
	if _, ok := readMembers(t, store).blob(digest.Digest(s.added)); !ok {
		t.Errorf("%s has not saved the attestation %s, or imgtool not loaded it", p.name, s.added)
	}
}

// layOut makes a layout directory of an archive or a layout.
func layOut(t *testing.T, from, to string) {
	t.Helper()
	if strings.HasSuffix(from, "/") {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return
	}
	must(t, exec.Command("tar", "-C", to, "-xf", from))
}
