package api

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// mostEvents are kept; older ones go.
const mostEvents = 1000

// Event is a stage that the machine has reached, as its console has it.
type Event struct {
	// Number counts from 1.
	Number  uint64  `json:"number"`
	Seconds float64 `json:"seconds"`
	Stage   string  `json:"stage"`
	Name    string  `json:"name,omitempty"`
	State   string  `json:"state,omitempty"`
	Message string  `json:"message,omitempty"`
}

// Events are those since the boot.
type Events struct {
	mu     sync.Mutex
	kept   []Event
	number uint64
	// stages are the first of each, for the metrics
	stages []Event
	// closed when there is a new one
	next chan struct{}
}

// NewEvents has none.
func NewEvents() *Events { return &Events{next: make(chan struct{})} }

// Hear takes a report of the console.
func (e *Events) Hear(seconds string, words []string) {
	if len(words) == 0 {
		return
	}
	event := Event{Stage: words[0]}
	event.Seconds, _ = strconv.ParseFloat(seconds, 64)
	rest := words[1:]
	switch event.Stage {
	case "service", "onboot", "onshutdown":
		if len(rest) < 2 {
			return
		}
		event.Name, event.State, rest = rest[0], rest[1], rest[2:]
	}
	event.Message = strings.Join(rest, " ")
	e.mu.Lock()
	defer e.mu.Unlock()
	e.number++
	event.Number = e.number
	if len(e.kept) == mostEvents {
		e.kept = append(e.kept[:0], e.kept[1:]...)
	}
	e.kept = append(e.kept, event)
	if isStage(event) && !slices.ContainsFunc(e.stages, func(one Event) bool { return one.Stage == event.Stage && one.Name == event.Name }) {
		e.stages = append(e.stages, event)
	}
	close(e.next)
	e.next = make(chan struct{})
}

// isStage is whether an event is a step of the boot, which comes once.
func isStage(event Event) bool {
	switch event.Stage {
	case "init", "modules", "mounts", "healthy":
		return true
	case "onboot":
		return event.State != "start"
	}
	return false
}

// Stages are the steps of the boot.
func (e *Events) Stages() []Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Event(nil), e.stages...)
}

// Tasks are those that have begun, with what became of them.
func (e *Events) Tasks() []TaskStatus {
	e.mu.Lock()
	defer e.mu.Unlock()
	tasks := []TaskStatus{}
	at := map[string]int{}
	for _, event := range e.kept {
		if event.Stage != "onboot" && event.Stage != "onshutdown" {
			continue
		}
		index, known := at[event.Stage+" "+event.Name]
		if !known {
			index = len(tasks)
			at[event.Stage+" "+event.Name] = index
			tasks = append(tasks, TaskStatus{Name: event.Name, Phase: event.Stage})
		}
		tasks[index].State, tasks[index].Message = event.State, event.Message
	}
	return tasks
}

// since gives the events after a number, and what is closed when there are more.
func (e *Events) since(number uint64) ([]Event, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for at, event := range e.kept {
		if event.Number > number {
			return append([]Event(nil), e.kept[at:]...), e.next
		}
	}
	return nil, e.next
}

// write writes each event as a line of JSON.
func (e *Events) write(ctx context.Context, to io.Writer, follow bool) error {
	lines := json.NewEncoder(to)
	for last := uint64(0); ; {
		events, next := e.since(last)
		for _, event := range events {
			if err := lines.Encode(event); err != nil {
				return err
			}
			last = event.Number
		}
		if !follow {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
