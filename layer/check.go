package layer

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/image"
	"github.com/imgtool/imgtool/internal/tarscan"
)

// Check returns a writer for the bytes of a layer's blob, as they pass on their way from one place to another. Its Close
// returns an error that matches [image.ErrDamaged] unless they were a sound stream in one of the formats of package
// compression, holding a tar whose digest is the layer's diff ID. Every byte counts, those behind the end of the tar
// too. That the blob has its own digest is for others to check; a plain layer is not hashed a second time.
//
// A layer without a diff ID is only read. Close must be called, else a goroutine is left behind.
func Check(l image.Layer, limits compression.Limits) io.WriteCloser {
	return checking(func(r io.Reader) error { return Verify(r, l, limits) })
}

// CheckTar is [Check] for the bytes of a layer's tar itself, not compressed. It hashes them unless diffID is empty.
func CheckTar(diffID digest.Digest) io.WriteCloser {
	return checking(func(r io.Reader) error { return verifyTar(r, diffID) })
}

func checking(verify func(io.Reader) error) io.WriteCloser {
	pr, pw := io.Pipe()
	c := &check{pw: pw, done: make(chan error, 1)}
	go func() {
		err := verify(pr)
		_ = pr.CloseWithError(errChecked) // writes go nowhere from here on
		c.done <- err
	}()
	return c
}

// errChecked ends the writes to a check that has made up its mind.
var errChecked = errors.New("the layer was found damaged")

type check struct {
	pw   *io.PipeWriter
	done chan error
}

func (c *check) Write(p []byte) (int, error) { return c.pw.Write(p) }

func (c *check) Close() error {
	_ = c.pw.Close() // never fails
	return <-c.done
}

// Verify reads a layer's blob to its end and returns an error that matches [image.ErrDamaged] unless it is what l says,
// in the sense of [Check].
func Verify(blob io.Reader, l image.Layer, limits compression.Limits) error {
	buffered := bufio.NewReaderSize(blob, 64<<10)
	head, err := buffered.Peek(compression.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return layerError(err)
	}
	format := Format(head, l)
	stream, err := compression.NewReader(buffered, format, limits)
	if err != nil {
		return layerError(err)
	}
	defer stream.Close()
	diffID := l.DiffID
	if diffID == l.Digest { // others hash it
		diffID = ""
	}
	return verifyTar(stream, diffID)
}

func verifyTar(r io.Reader, diffID digest.Digest) error {
	if diffID == "" {
		return layerError(scan(r))
	}
	sum := newHashing(r, diffID.Algorithm())
	defer sum.close()
	if err := scan(sum); err != nil {
		return layerError(err)
	}
	if got := sum.digest(); got != diffID {
		return image.Damagef("diff ID is %s, the config says %s", got, diffID)
	}
	return nil
}

// Format tells how a layer is compressed, by its first bytes as [compression.Detect] does. A blob whose digest is the diff
// ID is the tar itself, whatever the name of its first entry looks like.
func Format(head []byte, l image.Layer) compression.Format {
	if l.DiffID != "" && l.DiffID == l.Digest {
		return compression.None
	}
	return compression.Detect(head)
}

// scan reads a tar by its headers and everything behind its end.
func scan(r io.Reader) error {
	tar := tarscan.NewReader(r)
	for {
		_, err := tar.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	buf := make([]byte, 64<<10)
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buf)
	return err
}

// layerError gives what is wrong with a layer's bytes the kind that it is.
func layerError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, tarscan.ErrFormat) || errors.Is(err, compression.ErrCorrupt) || errors.Is(err, compression.ErrExpansion) {
		return image.Damagef("layer: %w", err)
	}
	return fmt.Errorf("layer: %w", err)
}

// hashing is a reader whose bytes are hashed by a goroutine of its own, so that inflating and hashing share two cores.
type hashing struct {
	r      io.Reader
	blocks chan []byte
	free   chan []byte
	sum    digest.Digester
	done   chan struct{}
	buf    []byte // what Read has not yet given
	block  []byte // the block that buf is of
	err    error
	closed bool
}

// hashBlock is how much is handed to the hashing goroutine at a time; two blocks are under way.
const hashBlock = 256 << 10

func newHashing(r io.Reader, algorithm digest.Algorithm) *hashing {
	h := &hashing{
		r: r, sum: algorithm.Digester(), done: make(chan struct{}),
		blocks: make(chan []byte, 2), free: make(chan []byte, 3),
	}
	for range cap(h.free) {
		h.free <- make([]byte, hashBlock)
	}
	go func() {
		defer close(h.done)
		for b := range h.blocks {
			_, _ = h.sum.Hash().Write(b) // a hash never fails
			h.free <- b[:cap(b)]
		}
	}()
	return h
}

// Read fills p from the current block. A block is hashed once all of it was given out.
func (h *hashing) Read(p []byte) (int, error) {
	if len(h.buf) == 0 {
		if err := h.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, h.buf)
	h.buf = h.buf[n:]
	return n, nil
}

func (h *hashing) next() error {
	if h.block != nil {
		h.blocks <- h.block
		h.block = nil
	}
	if h.err != nil {
		return h.err
	}
	block := <-h.free
	n, err := io.ReadFull(h.r, block)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		// The reader below tells a stream that was cut by an error of its own kind; this is only the last block.
		err = io.EOF
	}
	h.err = err
	h.block, h.buf = block[:n], block[:n]
	if n == 0 {
		return h.err
	}
	return nil
}

// digest returns the digest of all that was read; the reader is at its end.
func (h *hashing) digest() digest.Digest {
	h.close()
	return h.sum.Digest()
}

func (h *hashing) close() {
	if h.closed {
		return
	}
	h.closed = true
	close(h.blocks)
	<-h.done
}
