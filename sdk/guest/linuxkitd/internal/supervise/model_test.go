package supervise

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// orders is how many random orders of events are tried.
const orders = 1000

// world is a model of what the core's actions do: processes that start, end, are killed, or do not hear a request, in any
// order. It knows nothing of the core, and complains of what must never happen.
type world struct {
	t        *testing.T
	random   *rand.Rand
	core     *Core
	services map[string]Service
	now      time.Duration
	// answers that are on their way; each comes at a time of its own
	pending []answer
	lives   map[string]*life
	// every state as it was set
	states map[string]string
	// services that were up once, and those that have ended for good
	wasUp, prepared map[string]bool
	launched        map[string]bool
	healthy         int
	over            bool
	stopped         bool
	log             []string
}

type answer struct {
	at    time.Duration
	event Event
}

// life is one process.
type life struct {
	turn    int
	alive   bool
	started bool
	asked   bool
	deaf    bool
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), services: map[string]Service{}, lives: map[string]*life{}, states: map[string]string{},
		wasUp: map[string]bool{}, prepared: map[string]bool{}, launched: map[string]bool{},
	}
	var services []Service
	for number := range 1 + w.random.IntN(6) {
		service := Service{
			Name: fmt.Sprintf("s%d", number), Restart: []string{"always", "on-failure", "never"}[w.random.IntN(3)], Limit: w.random.IntN(4),
			Within: time.Duration(w.random.IntN(100)) * time.Second, Checked: w.random.IntN(2) == 0, Interval: time.Duration(1+w.random.IntN(5)) * time.Second,
			Retries: 1 + w.random.IntN(3), StopTimeout: time.Duration(w.random.IntN(5)) * time.Second, Quiet: w.random.IntN(8) == 0,
		}
		for _, earlier := range services {
			if w.random.IntN(3) == 0 && !earlier.Quiet {
				service.After = append(service.After, earlier.Name)
			}
		}
		services = append(services, service)
		w.services[service.Name] = service
	}
	w.random.Shuffle(len(services), func(a, b int) { services[a], services[b] = services[b], services[a] })
	w.core = NewCore(services)
	return w
}

func (w *world) complain(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(w.log, "\n"))
}

func (w *world) later(event Event, most time.Duration) {
	w.pending = append(w.pending, answer{w.now + time.Duration(w.random.Int64N(int64(most)+1)), event})
}

// feed gives an event to the core and carries its actions out.
func (w *world) feed(event Event) {
	w.log = append(w.log, fmt.Sprintf("%8.3f %T%+v", w.now.Seconds(), event, event))
	for _, action := range w.core.Step(w.now, event) {
		w.log = append(w.log, fmt.Sprintf("             %T%+v", action, action))
		w.carryOut(action)
	}
	w.judge()
}

func (w *world) carryOut(action Action) {
	switch action := action.(type) {
	case Prepare:
		w.prepare(action.Name)
	case Launch:
		w.launch(action.Name, action.Turn)
	case Check:
		w.check(action.Name, action.Turn)
	case Ask:
		l := w.lives[action.Name]
		if !w.stopped || l == nil || l.turn != action.Turn {
			w.complain("%s was asked to stop, and is not in that turn", action.Name)
		}
		for name, other := range w.services {
			if slices.Contains(other.After, action.Name) && w.alive(name) {
				w.complain("%s was asked to stop before %s, which needs it", action.Name, name)
			}
		}
		l.asked = true
		if !l.deaf {
			w.end(action.Name, l, 0, 2*time.Second)
		}
	case Kill:
		if l := w.lives[action.Name]; l != nil && l.turn == action.Turn {
			w.end(action.Name, l, 137, time.Second)
		}
	case SetTimer:
		w.pending = append(w.pending, answer{w.now + action.After, Elapsed{action.Name, action.Timer}})
	case State:
		w.states[action.Name] = action.State
		if action.State == OK {
			w.wasUp[action.Name] = true
		}
	case Healthy:
		w.healthy++
	case Over:
		w.over = true
	}
}

func (w *world) alive(name string) bool { return w.lives[name] != nil && w.lives[name].alive }

func (w *world) prepare(name string) {
	if w.prepared[name] {
		w.complain("%s was prepared twice", name)
	}
	w.prepared[name] = true
	for _, other := range w.services[name].After {
		if !w.wasUp[other] {
			w.complain("%s was prepared before %s was up", name, other)
		}
	}
	event := Event(Prepared{Name: name})
	switch w.random.IntN(20) {
	case 0:
		event = Prepared{Name: name, Failure: "no"}
	case 1:
		event = Lacking{Name: name, Secret: "token"}
	}
	w.later(event, time.Second)
}

func (w *world) launch(name string, turn int) {
	if w.alive(name) {
		w.complain("%s was launched twice", name)
	}
	if w.stopped {
		w.complain("%s was launched after the stop", name)
	}
	if !w.prepared[name] {
		w.complain("%s was launched unprepared", name)
	}
	w.launched[name] = true
	l := &life{turn: turn, alive: true, deaf: w.random.IntN(4) == 0}
	w.lives[name] = l
	if w.random.IntN(6) == 0 {
		// the runtime cannot start it
		w.end(name, l, 1, time.Second)
		return
	}
	w.later(Launched{name, turn}, time.Second)
	if w.random.IntN(3) > 0 {
		w.end(name, l, w.random.IntN(3), 100*time.Second)
	}
}

// end lets a process end once.
func (w *world) end(name string, l *life, status int, most time.Duration) {
	w.later(Ended{name, l.turn, status}, most)
}

func (w *world) check(name string, turn int) {
	if l := w.lives[name]; l == nil || l.turn != turn || !l.alive {
		w.complain("%s is checked, and does not run", name)
	}
	failure := ""
	if w.random.IntN(3) == 0 {
		failure = "no"
	}
	w.later(Checked{name, turn, failure}, 2*time.Second)
}

// judge looks at what must hold after each event.
func (w *world) judge() {
	for name, service := range w.services {
		state := w.states[name]
		if state == OK && !w.launched[name] {
			w.complain("%s is ok and was never launched", name)
		}
		// an end without a fault, after which it stays down, is ok
		if l := w.lives[name]; state == OK && !w.alive(name) && service.Restart == "always" && l != nil {
			w.complain("%s is ok and does not run", name)
		}
	}
	if w.healthy > 1 {
		w.complain("healthy was said %d times", w.healthy)
	}
	if w.over {
		for name := range w.services {
			if w.alive(name) {
				w.complain("it is over, and %s runs", name)
			}
		}
	}
}

// next takes the answer that comes first; of those at one time, any.
func (w *world) next() bool {
	if len(w.pending) == 0 {
		return false
	}
	w.random.Shuffle(len(w.pending), func(a, b int) { w.pending[a], w.pending[b] = w.pending[b], w.pending[a] })
	first := 0
	for at, one := range w.pending {
		if one.at < w.pending[first].at {
			first = at
		}
	}
	taken := w.pending[first]
	w.pending = slices.Delete(w.pending, first, first+1)
	w.now = max(w.now, taken.at)
	w.happen(taken.event)
	return true
}

// happen drops what a real process cannot do: end twice, or run after its end.
func (w *world) happen(event Event) {
	switch event := event.(type) {
	case Launched:
		l := w.lives[event.Name]
		if l.turn != event.Turn || !l.alive || l.started {
			return
		}
		l.started = true
	case Ended:
		l := w.lives[event.Name]
		if l.turn != event.Turn || !l.alive {
			return
		}
		// a process that was started late has not ended before
		if !l.started && event.Status != 1 {
			w.later(event, time.Second)
			return
		}
		l.alive = false
	}
	w.feed(event)
}

func TestRandomOrdersOfEvents(t *testing.T) {
	for seed := range uint64(orders) {
		w := newWorld(t, seed)
		w.feed(Begin{})
		stopAt := time.Duration(w.random.IntN(200)) * time.Second
		for turn := 0; turn < 5000 && w.now < stopAt && w.next(); turn++ {
		}
		w.stopped = true
		w.feed(Stop{})
		for turn := 0; turn < 20_000 && !w.over; turn++ {
			if !w.next() {
				break
			}
		}
		if !w.over {
			w.complain("seed %d: it never ended", seed)
		}
	}
}

// events of any kind, also such as no process causes: nothing may panic, and no service may have two lives
func TestAnyEvents(t *testing.T) {
	for seed := range uint64(orders) {
		random := rand.New(rand.NewPCG(seed, 2))
		core := NewCore([]Service{checked("a"), plain("b", "a"), plain("c", "b")})
		turns := map[string]int{}
		for range 200 {
			name := []string{"a", "b", "c", "d"}[random.IntN(4)]
			turn := random.IntN(4)
			events := []Event{Begin{}, Prepared{Name: name}, Lacking{name, "x"}, Launched{name, turn}, Ended{name, turn, 1}, Checked{name, turn, "x"}, Checked{name, turn, ""}, Elapsed{name, random.IntN(9)}}
			event := events[random.IntN(len(events))]
			if random.IntN(150) == 0 {
				event = Stop{}
			}
			for _, action := range core.Step(time.Duration(random.IntN(1000))*time.Second, event) {
				if launch, is := action.(Launch); is {
					if launch.Turn != turns[launch.Name]+1 {
						t.Fatalf("seed %d: %s was launched as %d after %d", seed, launch.Name, launch.Turn, turns[launch.Name])
					}
					turns[launch.Name]++
				}
			}
		}
	}
}
