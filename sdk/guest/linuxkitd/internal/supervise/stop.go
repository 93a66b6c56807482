package supervise

import "slices"

func (c *Core) stop() {
	if c.stopping {
		return
	}
	c.begun, c.stopping = true, true
	for _, s := range c.services {
		s.stopping = s.phase != over
	}
}

// settleStop stops the services that no other needs any more.
func (c *Core) settleStop() {
	for progress := true; progress; {
		progress = false
		for _, s := range slices.Backward(c.services) {
			if s.phase != over && !s.asked && !c.needed(s) && c.stopOne(s) {
				progress = true
			}
		}
	}
	rest := slices.DeleteFunc(slices.Clone(c.services), func(s *service) bool { return s.phase == over })
	// a circle of those that wait for each other would never end
	if len(rest) > 0 && !slices.ContainsFunc(rest, func(s *service) bool { return s.asked || !c.needed(s) }) {
		for _, s := range rest {
			c.stopOne(s)
		}
	}
	if !c.over && !slices.ContainsFunc(c.services, func(s *service) bool { return s.phase != over }) {
		c.over = true
		c.do(Over{})
	}
}

// needed is whether another that has not ended yet comes after it.
func (c *Core) needed(s *service) bool {
	return slices.ContainsFunc(c.services, func(other *service) bool { return other.phase != over && slices.Contains(other.After, s.Name) })
}

// stopOne is whether the service has ended by it, so that others may stop too.
func (c *Core) stopOne(s *service) bool {
	switch s.phase {
	case waiting, pausing:
		c.stopped(s)
		return true
	case running:
		s.asked = true
		c.do(Ask{s.Name, s.turn})
		c.setTimer(s, s.StopTimeout)
	}
	return false
}

func (c *Core) stopped(s *service) {
	s.phase = over
	c.report(s, "stopped")
}
