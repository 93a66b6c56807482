package secrets

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// trial tries again until its deadline what may come right by itself: a right that is new, throttling, a network.
type trial struct {
	// seconds is the time as it was given, for messages.
	seconds  string
	deadline time.Time
	// pause is the first one between two tries; each is twice the one before, to eight times the first.
	pause time.Duration
}

// final is a failure that another try does not change.
type final struct{ error }

func finally(format string, words ...any) error { return final{fmt.Errorf(format, words...)} }

func (t trial) persist(ctx context.Context, what string, step func(context.Context) error) error {
	for pause := t.pause; ; pause = min(2*pause, 8*t.pause) {
		err := step(ctx)
		if err == nil {
			return nil
		}
		if errors.As(err, &final{}) {
			return fmt.Errorf("secrets: %s: %w", what, err)
		}
		if time.Now().After(t.deadline) {
			return fmt.Errorf("secrets: %s: %w; tried for %s s", what, err, t.seconds)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("secrets: %s: %w", what, ctx.Err())
		case <-time.After(pause):
		}
	}
}
