package image_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/imgtool/imgtool/image"
)

func TestScratch(t *testing.T) {
	s := image.NewScratch(func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") })
	defer s.Close()
	data := bytes.Repeat([]byte("0123456789abcdef"), 250_000)
	for range 2 { // the second time it is there
		d, err := s.Write(t.Context(), func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(data))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := digest.FromBytes(data); d.Digest != want || d.Size != int64(len(data)) {
			t.Fatalf("got %s of %d bytes, want %s", d.Digest, d.Size, want)
		}
		blob, err := s.Open(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := image.VerifyReader(blob.Reader(), d); err != nil {
			t.Error(err)
		}
	}
}

func TestScratchFails(t *testing.T) {
	broken := errors.New("broken")
	closed := func() (*os.File, error) {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err == nil {
			f.Close()
		}
		return f, err
	}
	good := func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") }
	tests := []struct {
		name string
		temp func() (*os.File, error)
		fill func(io.Writer) error
		want error
	}{
		{"no file", func() (*os.File, error) { return nil, broken }, nil, broken},
		{"fill fails", good, func(w io.Writer) error { _, _ = w.Write([]byte("some")); return broken }, broken},
		{"the file fails, and fill ends", closed, func(w io.Writer) error { _, _ = w.Write([]byte("some")); return nil }, os.ErrClosed},
		{"the file fails, and fill goes on until it finds out", closed, func(w io.Writer) error {
			_, err := io.Copy(w, neverEnding{})
			return err
		}, os.ErrClosed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := image.NewScratch(tt.temp)
			defer s.Close()
			if d, err := s.Write(t.Context(), tt.fill); !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v, want %v", d.Digest, err, tt.want)
			}
		})
	}
}

// However many blobs are made, one behind the other they take one file.
func TestScratchTakesFewFiles(t *testing.T) {
	files := 0
	s := image.NewScratch(func() (*os.File, error) {
		files++
		return os.CreateTemp(t.TempDir(), "")
	})
	defer s.Close()
	var made []image.Descriptor
	for i := range 100 {
		text := strings.Repeat(strconv.Itoa(i), i)
		d, err := s.Write(t.Context(), func(w io.Writer) error {
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
			if i%3 == 1 {
				return errors.New("no more")
			}
			return nil
		})
		if (err != nil) != (i%3 == 1) {
			t.Fatal(err)
		}
		if err == nil {
			made = append(made, d)
		}
	}
	for _, d := range made {
		blob, err := s.Open(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := image.VerifyReader(blob.Reader(), d); err != nil {
			t.Error(err)
		}
	}
	if files != 1 {
		t.Errorf("%d files", files)
	}
}
