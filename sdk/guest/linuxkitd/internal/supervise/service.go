// Package supervise decides when services start, are restarted and stop.
//
// Core is pure: it takes events and gives actions, so that any order of events can be tested. Supervisor carries the
// actions out.
package supervise

import "time"

// Service is what the decisions need to know of a service.
type Service struct {
	Name string
	// After are the services that must be up before it starts; it stops before them.
	After []string
	// Restart is "always", "on-failure" or "never".
	Restart string
	// Limit is the number of restarts after which it stays down, within a time (0: ever); 0 is no limit.
	Limit  int
	Within time.Duration
	// Checked: it is up when a check has passed, else when it runs.
	Checked  bool
	Interval time.Duration
	Retries  int
	// StopTimeout is the time from the request to stop to the end by force.
	StopTimeout time.Duration
	// Quiet services are the guest's own: nothing is reported of them, and no one waits for them.
	Quiet bool
}

// phase is where a service is in its life.
type phase int

const (
	// waiting for the start of all, or for others to be up
	waiting phase = iota
	// its secrets and its root filesystem are being prepared
	preparing
	// the runtime starts it
	launching
	running
	// it ended, and will be started again
	pausing
	// it ended and stays down, or was stopped
	over
)

// Word of a state, as its file and the console have it.
const (
	Starting  = "starting"
	OK        = "ok"
	Unhealthy = "unhealthy"
)

type service struct {
	Service
	phase phase
	state string
	// turn counts its starts, so that what concerns an earlier one is passed over
	turn int
	// timer is the number of the timer that counts
	timer int
	// index of the one in After that it waits for
	next int
	// whether it was said that it waits for that one
	told bool

	launchedAt time.Duration
	// ends that count for the limit
	ends  []time.Duration
	count int
	delay time.Duration

	// what the latest check said
	note string
	// the first check of this turn passed
	passed   bool
	late     bool
	failures int

	stopping bool
	// the request to stop was sent
	asked bool
}
