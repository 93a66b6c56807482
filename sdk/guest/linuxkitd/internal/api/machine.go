package api

import (
	"context"
	"io"
)

// Machine is what the interface shows of the machine, and does in it.
type Machine interface {
	Status() Status
	Events() *Events
	// Log is the file of a service's or a task's log.
	Log(name string) (path string, found bool)
	// Exec starts a command in a service. It has ended, with all that it started, when ctx is done.
	Exec(ctx context.Context, name string, command []string, terminal *Terminal) (Process, error)
}

// Process is a command that runs in a service.
type Process interface {
	// Stdin is closed to end the command's input.
	Stdin() io.WriteCloser
	Stdout() io.Reader
	// Stderr is nil where a terminal has both.
	Stderr() io.Reader
	Resize(rows, columns uint16)
	// Wait gives the exit status, once.
	Wait() int
	// Close gives back what is held for it; it ends what still reads and writes.
	Close()
}

// Status of the machine. Times are seconds since the kernel started.
type Status struct {
	Kernel  string  `json:"kernel"`
	BootID  string  `json:"bootId"`
	Uptime  float64 `json:"uptime"`
	Healthy bool    `json:"healthy"`
	// Memory in bytes.
	MemoryTotal     int64           `json:"memoryTotal"`
	MemoryAvailable int64           `json:"memoryAvailable"`
	Services        []ServiceStatus `json:"services"`
	Tasks           []TaskStatus    `json:"tasks"`
}

// ServiceStatus is that of a service.
type ServiceStatus struct {
	Name string `json:"name"`
	// State is starting, ok, unhealthy, "waiting for NAME" or "down, REASON".
	State string `json:"state"`
	// Message is what the latest check said, where it did not pass.
	Message string `json:"message,omitempty"`
	// Since is when it came into this state.
	Since    float64 `json:"since"`
	Running  bool    `json:"running"`
	Restarts int     `json:"restarts"`
	// Pid is its first process, as the machine numbers it; 0 while it does not run.
	Pid int `json:"pid"`
	// Of its control group; 0 where it has none of its own.
	Memory     int64   `json:"memory"`
	CPUSeconds float64 `json:"cpuSeconds"`
	Processes  int64   `json:"processes"`
}

// TaskStatus is that of a task.
type TaskStatus struct {
	Name    string `json:"name"`
	Phase   string `json:"phase"`
	State   string `json:"state"`
	Message string `json:"message,omitempty"`
}
