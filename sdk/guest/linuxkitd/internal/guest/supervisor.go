package guest

import (
	"errors"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/power"
	"pulumi-linuxkit/linuxkitd/internal/supervise"
)

// supervisor carries out what the decisions ask for.
type supervisor struct {
	guest      *Guest
	containers map[string]*container.Container
	core       *supervise.Core
	events     chan supervise.Event
	over       chan struct{}
	start      time.Time
	begun      atomic.Bool

	mu      sync.Mutex
	running map[string]*container.Running
	// for the interface to the machine
	shown map[string]shown
}

const stateFolder = "/run/linuxkit/services"

func newSupervisor(g *Guest, containers []*container.Container, quiet bool) *supervisor {
	made := &supervisor{
		guest: g, containers: map[string]*container.Container{}, running: map[string]*container.Running{}, shown: map[string]shown{},
		events: make(chan supervise.Event, 64), over: make(chan struct{}), start: time.Now(),
	}
	services := make([]supervise.Service, 0, len(containers))
	for _, c := range containers {
		made.containers[c.Name] = c
		services = append(services, superviseService(c, quiet))
	}
	made.core = supervise.NewCore(services)
	return made
}

// processes is what all services may have of processes and threads.
func (s *supervisor) processes() int {
	return container.Processes(slices.Collect(maps.Values(s.containers)))
}

// begin starts the services, and goes on until they have stopped.
func (s *supervisor) begin() {
	s.begun.Store(true)
	guard.Keep("supervision", func() {
		for event := range s.events {
			s.step(event)
		}
	})
	s.events <- supervise.Begin{}
}

// stop stops the services and waits for their end.
func (s *supervisor) stop() {
	s.events <- supervise.Stop{}
	<-s.over
}

func (s *supervisor) step(event supervise.Event) {
	var actions []supervise.Action
	_ = guard.Run("supervision", func() { actions = s.core.Step(time.Since(s.start), event) })
	for _, action := range actions {
		_ = guard.Run("supervision", func() { s.carryOut(action) })
	}
}

func (s *supervisor) carryOut(action supervise.Action) {
	switch action := action.(type) {
	case supervise.Prepare:
		s.work(action.Name, supervise.Prepared{Name: action.Name, Failure: "it panicked"}, s.prepare)
	case supervise.Launch:
		s.work(action.Name, supervise.Ended{Name: action.Name, Turn: action.Turn, Status: 1}, func(c *container.Container) supervise.Event { return s.launch(c, action.Turn) })
	case supervise.Check:
		s.work(action.Name, supervise.Checked{Name: action.Name, Turn: action.Turn, Failure: "the check panicked"}, func(c *container.Container) supervise.Event {
			return supervise.Checked{Name: action.Name, Turn: action.Turn, Failure: s.check(c)}
		})
	case supervise.Ask:
		s.with(action.Name, (*container.Running).Stop)
	case supervise.Kill:
		s.with(action.Name, (*container.Running).Kill)
	case supervise.SetTimer:
		time.AfterFunc(action.After, func() {
			guard.Go("a timer", func() { s.events <- supervise.Elapsed{Name: action.Name, Timer: action.Timer} })
		})
	case supervise.State:
		s.show(action.Name, action.State)
		_ = os.WriteFile(path.Join(stateFolder, action.Name), []byte(action.State+"\n"), 0o644)
	case supervise.Note:
		s.note(action.Name, action.Message)
	case supervise.Report:
		s.guest.console.Say(action.Words...)
	case supervise.Healthy:
		if s == s.guest.services {
			s.guest.sayHealthy()
		}
	case supervise.PowerOff:
		s.guest.ask(power.PowerOff)
	case supervise.Over:
		close(s.over)
	}
}

// work does something that takes time; its answer, or that of its panic, is an event.
func (s *supervisor) work(name string, panicked supervise.Event, do func(*container.Container) supervise.Event) {
	guard.Go("service "+name, func() {
		answer := panicked
		defer func() { s.events <- answer }()
		answer = do(s.containers[name])
	})
}

// with does something to a container that runs.
func (s *supervisor) with(name string, do func(*container.Running)) {
	s.mu.Lock()
	running := s.running[name]
	s.mu.Unlock()
	if running != nil {
		do(running)
	}
}

// launch runs a service from start to end.
func (s *supervisor) launch(c *container.Container, turn int) supervise.Event {
	ended := supervise.Ended{Name: c.Name, Turn: turn, Status: 1}
	log, _ := c.Logs()
	write, _, err := keep(log, c.Service.LogSize)
	if err != nil {
		return ended
	}
	var running *container.Running
	if turn > 1 {
		err = c.Renew()
	}
	if err == nil {
		running, err = s.guest.runtime.Launch(c, write, write)
	}
	var refused *container.StartError
	if errors.As(err, &refused) {
		ended.Status = refused.Status
	} else if err != nil {
		_, _ = io.WriteString(write, err.Error()+"\n")
	}
	write.Close()
	if err != nil {
		return ended
	}
	s.put(c.Name, running)
	// whatever happens here, nothing of it runs on
	defer func() {
		s.put(c.Name, nil)
		running.Kill()
		s.guest.runtime.Delete(c)
		running.Close()
	}()
	s.events <- supervise.Launched{Name: c.Name, Turn: turn}
	ended.Status = running.Status()
	return ended
}

func (s *supervisor) put(name string, running *container.Running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if running == nil {
		delete(s.running, name)
	} else {
		s.running[name] = running
		s.countStart(name)
	}
}
