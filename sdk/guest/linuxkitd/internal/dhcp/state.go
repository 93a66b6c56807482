package dhcp

import "time"

// state is what a client does with a lease (RFC 2131, section 4.4).
type state int

const (
	// bound: the lease is good, and no server is asked.
	bound state = iota
	// renewing: the server that gave it is asked for more time.
	renewing
	// rebinding: every server is asked.
	rebinding
	// lost: the lease has ended.
	lost
)

// stateAt is what a client does so long after it asked for the lease.
func (l lease) stateAt(age time.Duration) state {
	switch {
	case age >= l.end:
		return lost
	case age >= l.rebinding:
		return rebinding
	case age >= l.renewal:
		return renewing
	}
	return bound
}

// leastPause is between two tries to renew (RFC 2131, section 4.4.5).
const leastPause = time.Minute

// nextTry is how long a client waits before it asks again, and what it does now: half of what is left of a state,
// at least a minute, and no longer than the state.
func (c *client) nextTry(l lease, age time.Duration) (time.Duration, state) {
	now := l.stateAt(age)
	switch now {
	case bound:
		return l.renewal - age, now
	case renewing:
		return c.pauseWithin(l.rebinding - age), now
	case rebinding:
		return c.pauseWithin(l.end - age), now
	}
	return 0, now
}

// pauseWithin is the pause in a state that lasts so long.
func (c *client) pauseWithin(left time.Duration) time.Duration {
	return min(left, max(left/2, leastPause))
}
