package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"usher/auth0client/desk"
)

// asked is a changer whose operator has not answered yet, the other end of their keyboard, and how often the operation ran.
func asked(t *testing.T) (c *changer, keyboard *io.PipeWriter, ran *int, op desk.Operation) {
	t.Helper()
	in, keyboard := io.Pipe()
	t.Cleanup(func() { _ = keyboard.Close() })
	cmd := &cobra.Command{}
	cmd.SetIn(in)
	cmd.SetOut(&bytes.Buffer{})
	cmd.SetErr(&bytes.Buffer{})
	ran = new(int)
	op = desk.Operation{Name: "Block", Run: func(context.Context) desk.Result { *ran++; return desk.Result{} }}
	return &changer{changeFlags: &changeFlags{}, cmd: cmd}, keyboard, ran, op
}

func TestCtrlCAtAQuestionIsANo(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]bool{"a yes or no": false, "something to type": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, keyboard, ran, op := asked(t)
			if typed {
				op.Type = "ada@example.com"
			}
			ctx, interrupt := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- c.one(ctx, op) }()
			interrupt()
			select {
			case err := <-ended:
				if err == nil || !strings.Contains(err.Error(), "nothing was changed") {
					t.Errorf("it ends with %v", err)
				}
			case <-t.Context().Done():
				t.Error("it goes on waiting")
			}
			_ = keyboard.CloseWithError(io.EOF)
			if *ran != 0 {
				t.Error("the change was made all the same")
			}
		})
	}
}

func TestCtrlCWhileIdsAreTypedEndsTheRun(t *testing.T) {
	t.Parallel()
	c, keyboard, _, _ := asked(t)
	defer keyboard.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.many(ctx, nil) }()
	interrupt()
	if err := <-ended; !errors.Is(err, context.Canceled) && (err == nil || !strings.Contains(err.Error(), "nothing was changed")) {
		t.Errorf("it ends with %v", err)
	}
}
