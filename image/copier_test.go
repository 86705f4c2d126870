package image_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/imgtool/imgtool/image"
)

// failing is a writer that takes some bytes and then fails.
type failing struct {
	room int
	err  error
}

func (f *failing) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, f.err
	}
	return len(b), nil
}

func TestCopier(t *testing.T) {
	full, wrong := errors.New("full"), errors.New("wrong")
	large := bytes.Repeat([]byte("0123456789abcdef"), 250_000) // in four pieces
	tests := []struct {
		name   string
		r      io.Reader
		w, sum io.Writer
		want   error
	}{
		{"nothing", bytes.NewReader(nil), io.Discard, io.Discard, nil},
		{"reader fails", io.MultiReader(bytes.NewReader(large), iotest.ErrReader(wrong)), io.Discard, io.Discard, wrong},
		{"reader was cut", io.MultiReader(bytes.NewReader(large), iotest.ErrReader(io.ErrUnexpectedEOF)), io.Discard, io.Discard, io.ErrUnexpectedEOF},
		{"reader gives nothing", readerOfNothing{}, io.Discard, io.Discard, io.ErrNoProgress},
		{"writer fails", bytes.NewReader(large), &failing{room: 1 << 20, err: full}, io.Discard, full},
		{"sum fails", bytes.NewReader(large), io.Discard, &failing{room: 1 << 20, err: wrong}, wrong},
		{"sum fails on the last piece", bytes.NewReader(large), io.Discard, &failing{room: len(large) - 1, err: wrong}, wrong},
		{"both fail", bytes.NewReader(large), &failing{room: 1 << 20, err: full}, &failing{room: 1 << 20, err: wrong}, wrong},
	}
	var c image.Copier
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := c.Copy(t.Context(), tt.w, tt.sum, tt.r); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

type readerOfNothing struct{}

func (readerOfNothing) Read([]byte) (int, error) { return 0, nil }

// TestCopierBytes copies streams that end around the borders of pieces, several at a time and with the same buffers.
func TestCopierBytes(t *testing.T) {
	t.Parallel()
	var c image.Copier
	for _, size := range []int{1, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2 << 20, 5<<20 + 3} {
		data := bytes.Repeat([]byte{byte(size), byte(size >> 8), 7}, size/3+1)[:size]
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.DataErrReader(bytes.NewReader(data)), iotest.HalfReader(bytes.NewReader(data))} {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				var out bytes.Buffer
				sum := sha256.New()
				if err := c.Copy(t.Context(), &out, sum, r); err != nil {
					t.Fatal(err)
				}
				want := sha256.Sum256(data)
				if !bytes.Equal(out.Bytes(), data) {
					t.Errorf("the writer got %d bytes, and not those of the reader, %d", out.Len(), len(data))
				}
				if diff := cmp.Diff(want[:], sum.Sum(nil)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestCopierContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var c image.Copier
	stop := writerFunc(func(b []byte) (int, error) { cancel(); return len(b), nil })
	if err := c.Copy(ctx, stop, io.Discard, neverEnding{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

type neverEnding struct{}

func (neverEnding) Read(b []byte) (int, error) { return len(b), nil }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
