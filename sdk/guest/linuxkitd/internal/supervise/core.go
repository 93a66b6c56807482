package supervise

import (
	"fmt"
	"slices"
	"time"
)

// Core holds the state of all services.
type Core struct {
	services []*service
	byName   map[string]*service
	begun    bool
	stopping bool
	healthy  bool
	over     bool
	now      time.Duration
	actions  []Action
}

// NewCore makes the state before Begin.
func NewCore(services []Service) *Core {
	core := &Core{byName: map[string]*service{}}
	for _, given := range services {
		added := &service{Service: given}
		core.services = append(core.services, added)
		core.byName[given.Name] = added
		core.setState(added, Starting)
	}
	return core
}

// Step takes an event that happened at a time since the start, and gives what is to be done now, in this order.
func (c *Core) Step(now time.Duration, event Event) []Action {
	c.now = max(c.now, now)
	switch event := event.(type) {
	case Begin:
		c.begun = true
	case Stop:
		c.stop()
	case Prepared:
		if s := c.byName[event.Name]; s != nil && s.phase == preparing {
			c.prepared(s, event.Failure)
		}
	case Lacking:
		if s := c.byName[event.Name]; s != nil && s.phase == preparing {
			c.lacking(s, event.Secret)
		}
	case Launched:
		if s := c.at(event.Name, event.Turn, launching); s != nil {
			c.launched(s)
		}
	case Ended:
		if s := c.at(event.Name, event.Turn, launching, running); s != nil {
			c.ended(s, event.Status)
		}
	case Checked:
		if s := c.at(event.Name, event.Turn, running); s != nil && !s.stopping {
			c.checked(s, event.Failure)
		}
	case Elapsed:
		if s := c.byName[event.Name]; s != nil && s.timer == event.Timer {
			c.elapsed(s)
		}
	}
	c.settle()
	actions := c.actions
	c.actions = nil
	return actions
}

// at is the service when it is in this turn and in one of the phases.
func (c *Core) at(name string, turn int, phases ...phase) *service {
	if s := c.byName[name]; s != nil && s.turn == turn && slices.Contains(phases, s.phase) {
		return s
	}
	return nil
}

func (c *Core) do(action Action) { c.actions = append(c.actions, action) }

func (c *Core) report(s *service, words ...string) {
	if !s.Quiet {
		c.do(Report{append([]string{"service", s.Name}, words...)})
	}
}

func (c *Core) setState(s *service, state string) {
	if s.state == state {
		return
	}
	s.state = state
	if !s.Quiet {
		c.do(State{s.Name, state})
	}
}

func (c *Core) note(s *service, message string) {
	if s.note != message {
		s.note = message
		c.do(Note{s.Name, message})
	}
}

func (c *Core) setTimer(s *service, after time.Duration) {
	s.timer++
	c.do(SetTimer{s.Name, s.timer, after})
}

// settle does what follows from the state of all.
func (c *Core) settle() {
	if !c.begun {
		return
	}
	for _, s := range c.services {
		if s.phase == waiting && !s.stopping && c.othersAreUp(s) {
			s.phase = preparing
			c.do(Prepare{s.Name})
		}
	}
	if !c.healthy && !c.stopping && !slices.ContainsFunc(c.services, func(s *service) bool { return !s.Quiet && s.state != OK }) {
		c.healthy = true
		c.do(Healthy{})
	}
	if c.stopping {
		c.settleStop()
	}
}

// othersAreUp waits for one after the other; what was up once is not asked again.
func (c *Core) othersAreUp(s *service) bool {
	for ; s.next < len(s.After); s.next, s.told = s.next+1, false {
		other := s.After[s.next]
		if found := c.byName[other]; found != nil && found.state == OK {
			continue
		}
		if !s.told {
			s.told = true
			c.setState(s, "waiting for "+other)
			c.report(s, "waiting", "for "+other)
		}
		return false
	}
	return true
}

func (c *Core) prepared(s *service, failure string) {
	switch {
	case s.stopping:
		c.stopped(s)
	case failure != "":
		c.stayDown(s, "its root cannot be prepared: "+failure, false)
	default:
		c.launch(s)
	}
}

func (c *Core) lacking(s *service, secret string) {
	s.phase = over
	c.do(Report{[]string{"failed", fmt.Sprintf("service %s: the secret %s was not given to this machine", s.Name, secret)}})
	c.do(PowerOff{})
}

func (c *Core) launch(s *service) {
	s.turn++
	s.phase = launching
	s.launchedAt = c.now
	s.passed, s.late, s.failures = false, false, 0
	c.do(Launch{s.Name, s.turn})
}

func (c *Core) launched(s *service) {
	s.phase = running
	s.launchedAt = c.now
	c.report(s, "started")
	switch {
	case s.stopping:
	case s.Checked:
		c.do(Check{s.Name, s.turn})
	default:
		c.setState(s, OK)
	}
}

const (
	firstDelay = time.Second
	mostDelay  = time.Minute
)

func (c *Core) ended(s *service, status int) {
	lasted := c.now - s.launchedAt
	s.timer++
	c.note(s, "")
	why := fmt.Sprintf("exit status %d", status)
	if s.stopping {
		c.setState(s, "down, "+why)
		c.stopped(s)
		return
	}
	if s.Restart == "never" || (s.Restart == "on-failure" && status == 0) {
		c.stayDown(s, why, status == 0)
		return
	}
	if c.overLimit(s) {
		c.stayDown(s, fmt.Sprintf("it ended %d times, the last with %s", s.Limit+1, why), false)
		return
	}
	c.setState(s, "down, "+why)
	if s.count == 0 || lasted >= time.Minute {
		s.delay = firstDelay
	} else {
		s.delay = min(2*s.delay, mostDelay)
	}
	s.count++
	s.phase = pausing
	c.report(s, "restart", fmt.Sprintf("%d in %d s: %s", s.count, int(s.delay.Seconds()), why))
	c.setTimer(s, s.delay)
}

// overLimit is whether this end was one too many.
func (c *Core) overLimit(s *service) bool {
	if s.Limit == 0 {
		return false
	}
	if s.Within > 0 {
		s.ends = slices.DeleteFunc(s.ends, func(at time.Duration) bool { return at <= c.now-s.Within })
	}
	s.ends = append(s.ends, c.now)
	return len(s.ends) > s.Limit
}

// stayDown: an end without a fault is no reason to call the machine unhealthy.
func (c *Core) stayDown(s *service, why string, fine bool) {
	s.phase = over
	if fine {
		c.setState(s, OK)
	} else {
		c.setState(s, "down, "+why)
	}
	c.report(s, "ended", why)
}

func (c *Core) elapsed(s *service) {
	switch {
	case s.phase == pausing && !s.stopping:
		c.launch(s)
	case s.phase == running && s.asked:
		c.do(Kill{s.Name, s.turn})
		// what does not die at once may later
		c.setTimer(s, time.Second)
	case s.phase == running && s.Checked && !s.stopping:
		c.do(Check{s.Name, s.turn})
	}
}
