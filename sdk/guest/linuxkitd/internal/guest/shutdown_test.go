package guest

import (
	"testing"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/console"
	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/description"
	"pulumi-linuxkit/linuxkitd/internal/supervise"
)

func serviceOf(name string, stopTimeout float64) *container.Container {
	return &container.Container{Container: description.Container{Name: name, ID: name, Service: &description.Service{Restart: "always", StopTimeout: stopTimeout, StopSignal: 15}}}
}

func taskOf(timeout float64) *container.Container {
	return &container.Container{Container: description.Container{Name: "last", Task: &description.Task{Timeout: timeout}}}
}

func TestAShutdownHasTimeForAllThatItDoes(t *testing.T) {
	g := newGuest()
	services := newSupervisor(g, []*container.Container{serviceOf("a", 10), serviceOf("b", 0.5)}, false)
	own := newSupervisor(g, []*container.Container{serviceOf("c", 1)}, true)
	for _, row := range []struct {
		all   []*supervisor
		tasks []*container.Container
		want  time.Duration
	}{
		{[]*supervisor{nil, nil, nil}, nil, spareShutdown},
		{[]*supervisor{services, nil, nil}, nil, spareShutdown + 10500*time.Millisecond},
		{[]*supervisor{services, nil, own}, []*container.Container{taskOf(30), taskOf(0)}, spareShutdown + 11500*time.Millisecond + 30*time.Second + mostLastTask},
	} {
		if got := mostShutdown(row.tasks, row.all...); got != row.want {
			t.Errorf("got %v, wanted %v", got, row.want)
		}
	}
}

// a service whose processes wait for a disk for ever kept the machine up for ever
func TestAShutdownEndsWhenAServiceDoesNot(t *testing.T) {
	g := newGuest()
	g.console = console.New(-1, "-")
	g.services = newSupervisor(g, []*container.Container{serviceOf("a", 0)}, false)
	g.services.begun.Store(true)
	// no one takes its events, as if its end never came
	began := time.Now()
	if within(200*time.Millisecond, "the shutdown", func() { g.stopAll(nil) }) {
		t.Error("it has stopped")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if !within(time.Minute, "work", func() {}) || !within(time.Minute, "work that panics", func() { panic("no") }) {
		t.Error("work that ends is not done")
	}
}

// PID 1 never exits: a panic in a service's work is its failure, and supervision goes on
func TestAPanicInTheWorkOfAServiceIsItsFailure(t *testing.T) {
	s := newSupervisor(newGuest(), []*container.Container{serviceOf("a", 0)}, false)
	failed := supervise.Ended{Name: "a", Turn: 1, Status: 1}
	s.work("a", failed, func(*container.Container) supervise.Event { panic("no") })
	select {
	case got := <-s.events:
		if got != supervise.Event(failed) {
			t.Errorf("got %v", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("supervision waits for ever")
	}
}
