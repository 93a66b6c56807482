package supervise

import (
	"fmt"
	"time"
)

const (
	// the start is what somebody waits for: the pause between checks grows with the time that the service takes
	quickest   = 10 * time.Millisecond
	quickCheck = 100 * time.Millisecond
	quickFor   = 10 * time.Second
	// later it is this part of the time, up to the service's own interval
	slowStart = 20
)

func (c *Core) checked(s *service, failure string) {
	c.note(s, failure)
	if s.passed {
		c.checkedAgain(s, failure)
	} else {
		c.checkedFirst(s, failure)
	}
}

// checkedFirst: checks come often until one has passed.
func (c *Core) checkedFirst(s *service, failure string) {
	if failure == "" {
		s.passed = true
		c.pass(s)
		return
	}
	spent := c.now - s.launchedAt
	if !s.late && spent >= time.Second && spent >= s.Interval.Truncate(time.Second)*time.Duration(s.Retries) {
		s.late = true
		c.setState(s, Unhealthy)
		c.report(s, Unhealthy, fmt.Sprintf("it passed no check in the first %d s: %s", int(spent.Seconds()), failure))
	}
	if spent < quickFor {
		c.setTimer(s, min(max(spent/2, quickest), quickCheck))
	} else {
		c.setTimer(s, min(spent/slowStart, s.Interval))
	}
}

func (c *Core) checkedAgain(s *service, failure string) {
	if failure == "" {
		wasUnhealthy := s.failures >= s.Retries
		s.failures = 0
		if wasUnhealthy {
			c.pass(s)
			return
		}
	} else if s.failures++; s.failures == s.Retries {
		c.setState(s, Unhealthy)
		c.report(s, Unhealthy, fmt.Sprintf("%d checks in a row failed: %s", s.failures, failure))
	}
	c.setTimer(s, s.Interval)
}

func (c *Core) pass(s *service) {
	c.setState(s, OK)
	c.report(s, "healthy")
	c.setTimer(s, s.Interval)
}
