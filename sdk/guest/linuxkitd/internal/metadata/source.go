package metadata

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/http1"
)

const (
	// answerLimit is the greatest size of an answer: user data has at most 512 KiB on any cloud.
	answerLimit = 1 << 20
	// listLimit is the greatest count of keys or tags that are asked for one by one.
	listLimit = 1024
)

// source asks a metadata service until it answers or the time is over.
type source struct {
	address string
	// seconds is the time as it was given, for messages.
	seconds  string
	deadline time.Time
	// tryTime is the most that one try takes, pause is between two tries.
	tryTime, pause time.Duration
}

func newSource(address, seconds string, within time.Duration) *source {
	return &source{address, seconds, time.Now().Add(within), 5 * time.Second, time.Second}
}

// ask returns the answer's body, and whether the service has such a thing: 404 says that it does not.
// Anything else is tried again until the deadline.
func (s *source) ask(ctx context.Context, request http1.Request) (body []byte, found bool, err error) {
	for {
		response, err := s.try(ctx, request)
		switch {
		case err == nil && response.Status == 200:
			return response.Body, true, nil
		case err == nil && response.Status == 404:
			return nil, false, nil
		case err == nil:
			err = fmt.Errorf("server returned error: %s", response.Line)
		}
		if time.Now().After(s.deadline) {
			return nil, false, &silence{request, s.seconds, err}
		}
		select {
		case <-ctx.Done():
			return nil, false, fmt.Errorf("metadata: %w", ctx.Err())
		case <-time.After(s.pause):
		}
	}
}

func (s *source) try(ctx context.Context, request http1.Request) (http1.Response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.tryTime, errors.New("timed out"))
	defer cancel()
	response, err := http1.Do(ctx, request, answerLimit)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("no answer after %s", s.tryTime)
	}
	return response, err
}

// silence is a service that gave no usable answer in time.
type silence struct {
	request http1.Request
	seconds string
	reason  error
}

func (s *silence) Error() string {
	return fmt.Sprintf("metadata: no answer to http://%s%s within %s s (%v): is the metadata service enabled for this machine?", s.request.Address, s.request.Path, s.seconds, s.reason)
}
