package supervise

import "time"

// Event is what happened.
type Event interface{ event() }

type (
	// Begin: all tasks at boot have ended.
	Begin struct{}
	// Prepared: secrets and root filesystem are there, or why not.
	Prepared struct{ Name, Failure string }
	// Lacking: a secret that the service names was not given to the machine.
	Lacking struct{ Name, Secret string }
	// Launched: its process runs.
	Launched struct {
		Name string
		Turn int
	}
	// Ended: its process ended, or could not be started.
	Ended struct {
		Name   string
		Turn   int
		Status int
	}
	// Checked: a check ended; Failure is "" when it passed.
	Checked struct {
		Name    string
		Turn    int
		Failure string
	}
	// Elapsed: a timer ran out.
	Elapsed struct {
		Name  string
		Timer int
	}
	// Stop: the machine shuts down.
	Stop struct{}
)

func (Begin) event()    {}
func (Prepared) event() {}
func (Lacking) event()  {}
func (Launched) event() {}
func (Ended) event()    {}
func (Checked) event()  {}
func (Elapsed) event()  {}
func (Stop) event()     {}

// Action is what is to be done.
type Action interface{ action() }

type (
	// Prepare is answered by Prepared or Lacking.
	Prepare struct{ Name string }
	// Launch is answered by Launched, then Ended; or by Ended alone.
	Launch struct {
		Name string
		Turn int
	}
	// Check is answered by Checked.
	Check struct {
		Name string
		Turn int
	}
	// Ask asks a process to end.
	Ask struct {
		Name string
		Turn int
	}
	// Kill ends a service by force.
	Kill struct {
		Name string
		Turn int
	}
	// SetTimer is answered by Elapsed.
	SetTimer struct {
		Name  string
		Timer int
		After time.Duration
	}
	// State is the service's state from now on.
	State struct{ Name, State string }
	// Note is what the latest check said; "" when it passed, or when the service ended.
	Note struct{ Name, Message string }
	// Report is a line of the console.
	Report struct{ Words []string }
	// Healthy: every service is up, for the first time.
	Healthy struct{}
	// PowerOff: the machine cannot do its work.
	PowerOff struct{}
	// Over: after Stop, every service has ended.
	Over struct{}
)

func (Prepare) action()  {}
func (Launch) action()   {}
func (Check) action()    {}
func (Ask) action()      {}
func (Kill) action()     {}
func (SetTimer) action() {}
func (State) action()    {}
func (Note) action()     {}
func (Report) action()   {}
func (Healthy) action()  {}
func (PowerOff) action() {}
func (Over) action()     {}
