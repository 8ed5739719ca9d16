package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"tidemark/summary"
)

// input is what is imported.
type input struct {
	io.ReadCloser
	name    string
	size    int64 // octets; -1: not known
	done    int64 // octets read
	emitted summary.Instant
}

func (in *input) Read(p []byte) (int, error) {
	n, err := in.ReadCloser.Read(p)
	in.done += int64(n)
	return n, err
}

// openInput opens a file, or standard input for -. Its records were emitted when the file was last changed, or now.
func (a *app) openInput(ctx context.Context, name string) (*input, error) {
	in := &input{name: name, size: -1, emitted: summary.NewInstant(time.Now())}
	if name == "-" {
		in.ReadCloser, in.name = io.NopCloser(interruptible{ctx, a.stdin}), "standard input"
		return in, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	in.ReadCloser = file
	if info.Mode().IsRegular() {
		in.size, in.emitted = info.Size(), summary.NewInstant(info.ModTime())
	}
	return in, nil
}

// interruptible ends a read when ctx does: one from a terminal or a pipe may otherwise wait for ever.
type interruptible struct {
	ctx context.Context //nolint:containedctx // a Reader has no other way to be told
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	type outcome struct {
		text []byte
		err  error
	}
	read := make(chan outcome, 1)
	go func() { // outlives an interrupted read, as far as the end of the process
		buffer := make([]byte, len(p))
		n, err := i.r.Read(buffer)
		read <- outcome{buffer[:n], err}
	}()
	select {
	case o := <-read:
		return copy(p, o.text), o.err
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	}
}
