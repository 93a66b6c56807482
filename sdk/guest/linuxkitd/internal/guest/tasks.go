package guest

import (
	"errors"
	"fmt"
	"os"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/logs"
	"pulumi-linuxkit/linuxkitd/internal/power"
)

// mostTaskLog is what is kept of each of a task's two outputs.
const mostTaskLog = 512 << 10

// runTasks runs the tasks before the services, one after the other. The first that fails ends the boot, unless it may
// fail.
func (g *Guest) runTasks() (off power.Off, ended bool) {
	for _, task := range g.tasks {
		why := g.runTask(task, g.asked)
		select {
		case off = <-g.ending:
			g.shutDown(off)
			return off, true
		default:
		}
		if why != "" && !task.Task.Optional {
			return g.failed(fmt.Sprintf("onboot %s: %s", task.Name, why)), true
		}
	}
	return "", false
}

// runTask runs a task to its end, and gives the reason when it failed.
func (g *Guest) runTask(task *container.Container, stop <-chan struct{}) string {
	g.console.Say(task.Phase, task.Name, "start")
	why := g.tryTask(task, stop)
	task.Release()
	log, out := task.Logs()
	switch {
	case why == "":
		g.console.Say(task.Phase, task.Name, "ok")
		return ""
	case task.Task.Optional:
		g.console.Say(task.Phase, task.Name, "optional", why)
	default:
		g.console.Say(task.Phase, task.Name, "failed", why)
	}
	g.console.Show(logs.LastLines(out))
	g.console.Show(logs.LastLines(log))
	return why
}

func (g *Guest) tryTask(task *container.Container, stop <-chan struct{}) string {
	log, out := task.Logs()
	if err := task.Prepare(); err != nil {
		return "it cannot be prepared: " + err.Error()
	}
	stdout, keptOut, err := keep(out, mostTaskLog)
	if err != nil {
		return err.Error()
	}
	stderr, keptErr, err := keep(log, mostTaskLog)
	if err != nil {
		stdout.Close()
		return err.Error()
	}
	running, err := g.runtime.Launch(task, stdout, stderr)
	stdout.Close()
	stderr.Close()
	var refused *container.StartError
	if errors.As(err, &refused) {
		awaitLog(keptOut, keptErr)
		return fmt.Sprintf("exit status %d: %s", refused.Status, logs.LastLine(log, out))
	}
	if err != nil {
		return err.Error()
	}
	defer running.Close()
	why := endOf(running, task.Task.Timeout, stop)
	// with its first process go all others
	running.Kill()
	g.ended = append(g.ended, task)
	awaitLog(keptOut, keptErr)
	if why == "" && running.Status() != 0 {
		why = fmt.Sprintf("exit status %d: %s", running.Status(), logs.LastLine(log, out))
	}
	return why
}

// endOf waits for the end of a task, and says when it was killed.
func endOf(running *container.Running, limit float64, stop <-chan struct{}) string {
	var over <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(seconds(limit))
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-running.Done():
		return ""
	case <-over:
		kill(running)
		return fmt.Sprintf("it was killed after its time limit of %v s", limit)
	case <-stop:
		kill(running)
		return "it was killed, for the machine shuts down"
	}
}

// kill kills a task and waits for its end, but not for ever.
func kill(running *container.Running) {
	running.Kill()
	running.EndsWithin(mostDying)
}

// mostDying is what the end of a killed task may take: its memory is given back first.
const mostDying = 10 * time.Second

// keep makes the end of a pipe for a container to write into. What comes out of it is kept in a file, until the container
// has closed its end. The container has nothing of the reader's: neither its descriptor nor its flags.
func keep(path string, size int64) (write *os.File, kept <-chan struct{}, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	// its process may be of any user, and may open /dev/stdout again
	if err := write.Chmod(0o622); err != nil {
		read.Close()
		write.Close()
		return nil, nil, err
	}
	done := make(chan struct{})
	guard.Go("a log", func() {
		defer close(done)
		defer read.Close()
		// until its writers have ended, whatever happens to the keeper
		guard.Again("the log "+path, func() { logs.Keep(read, path, size) })
	})
	return write, done, nil
}

// awaitLog waits until what was written is kept, but not for a process that holds on to its end.
func awaitLog(kept ...<-chan struct{}) {
	timer := time.NewTimer(500 * time.Millisecond)
	defer timer.Stop()
	for _, done := range kept {
		select {
		case <-done:
		case <-timer.C:
			return
		}
	}
}
