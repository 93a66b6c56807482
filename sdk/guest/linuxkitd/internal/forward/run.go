// Package forward is the program that sends the lines of services' logs on. It runs in a container of its own that reads
// the logs and writes nothing. What cannot be sent is passed over: the log is still there.
package forward

import (
	"bufio"
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	listFile  = "/etc/forward"
	logFolder = "/logs"
	most      = time.Minute
)

// target is a service whose lines are sent on, and where.
type target struct {
	service string
	url     *url.URL
}

// Run sends the lines of every service that the list names, for ever.
func Run(ctx context.Context, _ []string) error {
	targets, err := readList(listFile)
	if err != nil {
		return err
	}
	machine, err := os.Hostname()
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for _, target := range targets {
		all.Go(func() { forward(ctx, target, machine, logFolder) })
	}
	all.Wait()
	return nil
}

func readList(path string) ([]target, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var targets []target
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		service, address, found := strings.Cut(lines.Text(), " ")
		parsed, err := url.Parse(address)
		if !found || err != nil || (parsed.Scheme != "tcp" && parsed.Scheme != "http") {
			return nil, errors.New("the list has a line that is no service and address")
		}
		targets = append(targets, target{service, parsed})
	}
	return targets, lines.Err()
}

// forward sends the lines of one service; after a failure it goes on, later and later, with what is written then.
func forward(ctx context.Context, to target, machine, folder string) {
	pause := time.Second
	for fromStart := true; ctx.Err() == nil; fromStart = false {
		inner, stop := context.WithCancel(ctx)
		lines := follow(inner, folder+"/"+to.service+".log", fromStart)
		began := time.Now()
		if to.url.Scheme == "tcp" {
			_ = toSyslog(inner, to, machine, lines)
		} else {
			_ = toHTTP(inner, to, machine, lines)
		}
		stop()
		if time.Since(began) > most {
			pause = time.Second
		}
		sleep(ctx, pause)
		pause = min(2*pause, most)
	}
}

func sleep(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}
