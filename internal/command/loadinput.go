package command

import (
	"context"
	"io"

	"github.com/imgtool/imgtool/compression"
	"github.com/imgtool/imgtool/store"
	"github.com/imgtool/imgtool/tarball"
)

// loadInput is what load reads, and the transaction that it is in already if it came as a stream.
type loadInput struct {
	*source

	txn *store.Txn
}

func (in *loadInput) Close() error {
	err := in.source.Close()
	if in.txn != nil {
		if closeErr := in.txn.Close(); err == nil {
			err = closeErr
		}
	}
	return err
}

// openLoad opens what load reads. What cannot be read at random is taken apart into a transaction of the store.
func (c *call) openLoad(ctx context.Context, p place, st *store.Store, opts loadOptions) (*loadInput, error) {
	in := &loadInput{source: &source{place: p}}
	f, info, err := c.openInput(p.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stream, format := io.Reader(nil), compression.None
	if !info.IsDir() {
		if stream, format, err = detect(waiting(ctx, f)); err != nil {
			return nil, err
		}
	}
	if info.IsDir() || format == compression.None && info.Mode().IsRegular() && p.path != stdStream {
		if err := c.openArchive(ctx, in.source, ""); err != nil {
			in.Close()
			return nil, err
		}
		return in, nil
	}
	if err := c.openStream(ctx, in, st, stream, format, opts); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

func (c *call) openStream(ctx context.Context, in *loadInput, st *store.Store, stream io.Reader, format compression.Format, opts loadOptions) error {
	var err error
	if in.txn, err = st.Begin(ctx, store.BeginOptions{NoClobber: opts.noClobber}); err != nil {
		return err
	}
	fsys, known, err := ingest(ctx, stream, format, in.txn.Txn, c.limits())
	if err != nil {
		return err
	}
	if err := in.place.forced(fsys); err != nil {
		return err
	}
	in.archive, err = tarball.Open(ctx, fsys, tarball.Options{Warn: c.warner(), Digest: known, Limits: c.limits(), Scratch: c.temp("")})
	if err != nil {
		return noImageHint(err)
	}
	in.Source = in.archive
	in.closers = append(in.closers, in.archive.Close)
	return nil
}
