package supervise

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// play feeds events to a core, each at a time in seconds, and gives what was reported and what states were set.
type step struct {
	at    float64
	event Event
}

func play(t *testing.T, services []Service, steps ...step) []string {
	t.Helper()
	core := NewCore(services)
	var said []string
	for _, step := range steps {
		for _, action := range core.Step(time.Duration(step.at*float64(time.Second)), step.event) {
			switch action := action.(type) {
			case Report:
				said = append(said, strings.Join(action.Words, " "))
			case State:
				said = append(said, fmt.Sprintf("%s is %q", action.Name, action.State))
			case Note:
			case Launch:
				said = append(said, fmt.Sprintf("launch %s %d", action.Name, action.Turn))
			default:
				if text := strings.TrimPrefix(fmt.Sprintf("%T", action), "supervise."); text != "SetTimer" && text != "Prepare" {
					said = append(said, text)
				}
			}
		}
	}
	return said
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n  %s\nwanted\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func plain(name string, after ...string) Service {
	return Service{Name: name, After: after, Restart: "always", StopTimeout: 10 * time.Second, Interval: 5 * time.Second, Retries: 3}
}

func checked(name string) Service {
	service := plain(name)
	service.Checked = true
	return service
}

func TestWithoutServicesTheMachineIsHealthyAtOnce(t *testing.T) {
	same(t, play(t, nil, step{0, Begin{}}), "Healthy")
}

func TestAServiceWithoutACheckIsHealthyWhenItRuns(t *testing.T) {
	same(t, play(t, []Service{plain("web")}, step{0, Begin{}}, step{0, Prepared{Name: "web"}}, step{1, Launched{"web", 1}}),
		`web is "starting"`, "launch web 1", "service web started", `web is "ok"`, "Healthy")
}

func TestPausesBetweenStartsDouble(t *testing.T) {
	core := NewCore([]Service{plain("web")})
	core.Step(0, Begin{})
	core.Step(0, Prepared{Name: "web"})
	now := time.Duration(0)
	var pauses []int
	for turn, lasted := range []int{0, 0, 0, 0, 0, 0, 0, 59, 60, 0, 0} {
		core.Step(now, Launched{"web", turn + 1})
		now += time.Duration(lasted) * time.Second
		for _, action := range core.Step(now, Ended{"web", turn + 1, 7}) {
			if timer, ok := action.(SetTimer); ok {
				pauses = append(pauses, int(timer.After.Seconds()))
				now += timer.After
				core.Step(now, Elapsed{"web", timer.Timer})
			}
		}
	}
	if want := []int{1, 2, 4, 8, 16, 32, 60, 60, 1, 2, 4}; !reflect.DeepEqual(pauses, want) {
		t.Errorf("got %v, wanted %v", pauses, want)
	}
}

func TestEndsByPolicy(t *testing.T) {
	for _, row := range []struct {
		restart string
		status  int
		want    []string
	}{
		{"always", 0, []string{`web is "down, exit status 0"`, "service web restart 1 in 1 s: exit status 0"}},
		{"always", 7, []string{`web is "down, exit status 7"`, "service web restart 1 in 1 s: exit status 7"}},
		{"on-failure", 7, []string{`web is "down, exit status 7"`, "service web restart 1 in 1 s: exit status 7"}},
		{"on-failure", 0, []string{"service web ended exit status 0"}},
		{"never", 0, []string{"service web ended exit status 0"}},
		{"never", 7, []string{`web is "down, exit status 7"`, "service web ended exit status 7"}},
	} {
		service := plain("web")
		service.Restart = row.restart
		got := play(t, []Service{service}, step{0, Begin{}}, step{0, Prepared{Name: "web"}}, step{1, Launched{"web", 1}}, step{2, Ended{"web", 1, row.status}})
		same(t, got[5:], row.want...)
	}
}

func TestARestartLimit(t *testing.T) {
	service := plain("web")
	service.Limit, service.Within = 2, 600*time.Second
	steps := []step{{0, Begin{}}, {0, Prepared{Name: "web"}}}
	for turn := 1; turn <= 3; turn++ {
		steps = append(steps, step{float64(turn * 10), Launched{"web", turn}}, step{float64(turn*10) + 1, Ended{"web", turn, 0}}, step{float64(turn*10) + 6, Elapsed{"web", 2 * turn}})
	}
	got := play(t, []Service{service}, steps...)
	same(t, got[len(got)-2:], `web is "down, it ended 3 times, the last with exit status 0"`, "service web ended it ended 3 times, the last with exit status 0")
}

func TestEndsLongAgoDoNotCount(t *testing.T) {
	service := plain("web")
	service.Limit, service.Within = 1, 10*time.Second
	got := play(t, []Service{service}, step{0, Begin{}}, step{0, Prepared{Name: "web"}},
		step{1, Launched{"web", 1}}, step{2, Ended{"web", 1, 1}}, step{3, Elapsed{"web", 2}},
		step{3, Launched{"web", 2}}, step{20, Ended{"web", 2, 1}})
	same(t, got[len(got)-1:], "service web restart 2 in 2 s: exit status 1")
}

func TestChecks(t *testing.T) {
	begin := []step{{0, Begin{}}, {0, Prepared{Name: "web"}}, {1, Launched{"web", 1}}}
	for name, row := range map[string]struct {
		steps []step
		want  []string
	}{
		"the first passes": {[]step{{2, Checked{"web", 1, ""}}}, []string{"Check", `web is "ok"`, "service web healthy", "Healthy"}},
		"none passes in its time": {
			[]step{{2, Checked{"web", 1, "no"}}, {15.9, Checked{"web", 1, "no"}}, {16, Checked{"web", 1, "still no"}}, {20, Checked{"web", 1, "no"}}},
			[]string{"Check", `web is "unhealthy"`, "service web unhealthy it passed no check in the first 15 s: still no"},
		},
		"one comes late": {
			[]step{{17, Checked{"web", 1, "no"}}, {18, Checked{"web", 1, ""}}},
			[]string{"Check", `web is "unhealthy"`, "service web unhealthy it passed no check in the first 16 s: no", `web is "ok"`, "service web healthy", "Healthy"},
		},
		"allowed failures do not make it unhealthy": {
			[]step{{2, Checked{"web", 1, ""}}, {7, Checked{"web", 1, "a"}}, {12, Checked{"web", 1, "a"}}, {17, Checked{"web", 1, ""}}, {22, Checked{"web", 1, "a"}}, {27, Checked{"web", 1, "a"}}, {32, Checked{"web", 1, ""}}},
			[]string{"Check", `web is "ok"`, "service web healthy", "Healthy"},
		},
		"one more is unhealthy, once, and then healthy again": {
			[]step{{2, Checked{"web", 1, ""}}, {7, Checked{"web", 1, "a"}}, {12, Checked{"web", 1, "a"}}, {17, Checked{"web", 1, "sick"}}, {22, Checked{"web", 1, "a"}}, {27, Checked{"web", 1, ""}}},
			[]string{"Check", `web is "ok"`, "service web healthy", "Healthy", `web is "unhealthy"`, "service web unhealthy 3 checks in a row failed: sick", `web is "ok"`, "service web healthy"},
		},
		"of an earlier start is passed over": {
			[]step{{2, Ended{"web", 1, 1}}, {3, Elapsed{"web", 2}}, {4, Launched{"web", 2}}, {5, Checked{"web", 1, ""}}},
			[]string{"Check", `web is "down, exit status 1"`, "service web restart 1 in 1 s: exit status 1", "launch web 2", "service web started", "Check"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, play(t, []Service{checked("web")}, append(append([]step(nil), begin...), row.steps...)...)[3:], row.want...)
		})
	}
}

func TestPausesBetweenChecksGrowUntilOneHasPassed(t *testing.T) {
	service := checked("web")
	service.Interval = 4 * time.Second
	for _, row := range []struct {
		launchedFor float64
		failure     string
		want        time.Duration
	}{
		{0, "closed", 10 * time.Millisecond},
		{0.1, "closed", 50 * time.Millisecond},
		{9, "closed", 100 * time.Millisecond},
		{10, "closed", 500 * time.Millisecond},
		{60, "closed", 3 * time.Second},
		{80, "closed", 4 * time.Second},
		{600, "closed", 4 * time.Second},
		{0, "", 4 * time.Second},
		{60, "", 4 * time.Second},
	} {
		core := NewCore([]Service{service})
		core.Step(0, Begin{})
		core.Step(0, Prepared{Name: "web"})
		core.Step(0, Launched{"web", 1})
		var got time.Duration
		for _, action := range core.Step(time.Duration(row.launchedFor*float64(time.Second)), Checked{"web", 1, row.failure}) {
			if timer, ok := action.(SetTimer); ok {
				got = timer.After
			}
		}
		if got != row.want {
			t.Errorf("%v s after its launch, %q: got %v, wanted %v", row.launchedFor, row.failure, got, row.want)
		}
	}
}

func TestTheLatestCheckIsNoted(t *testing.T) {
	core := NewCore([]Service{checked("web")})
	var notes []string
	for _, step := range []step{
		{0, Begin{}}, {0, Prepared{Name: "web"}}, {1, Launched{"web", 1}},
		{2, Checked{"web", 1, "refused"}}, {3, Checked{"web", 1, "refused"}}, {4, Checked{"web", 1, "status 503"}}, {5, Checked{"web", 1, ""}}, {6, Checked{"web", 1, "late"}},
		{7, Ended{"web", 1, 1}}, {9, Checked{"web", 1, "of an earlier start"}},
	} {
		for _, action := range core.Step(time.Duration(step.at*float64(time.Second)), step.event) {
			if note, ok := action.(Note); ok {
				notes = append(notes, note.Message)
			}
		}
	}
	same(t, notes, "refused", "status 503", "", "late", "")
}

func TestServicesStartAfterOthersAndStopBeforeThem(t *testing.T) {
	got := play(t, []Service{plain("app", "db"), plain("db")}, step{0, Begin{}}, step{0, Prepared{Name: "db"}}, step{1, Launched{"db", 1}}, step{1, Prepared{Name: "app"}}, step{2, Launched{"app", 1}},
		step{3, Stop{}}, step{4, Ended{"app", 1, 0}}, step{5, Ended{"db", 1, 137}})
	same(t, got, `app is "starting"`, `db is "starting"`, `app is "waiting for db"`, "service app waiting for db", "launch db 1", "service db started", `db is "ok"`,
		"launch app 1", "service app started", `app is "ok"`, "Healthy",
		"Ask", `app is "down, exit status 0"`, "service app stopped", "Ask", `db is "down, exit status 137"`, "service db stopped", "Over")
}

func TestAStopDuringAStart(t *testing.T) {
	got := play(t, []Service{plain("web")}, step{0, Begin{}}, step{0, Prepared{Name: "web"}}, step{1, Stop{}}, step{2, Launched{"web", 1}}, step{12, Elapsed{"web", 1}}, step{13, Ended{"web", 1, 137}})
	same(t, got, `web is "starting"`, "launch web 1", "service web started", "Ask", "Kill", `web is "down, exit status 137"`, "service web stopped", "Over")
}

func TestACircleStops(t *testing.T) {
	got := play(t, []Service{plain("a", "b"), plain("b", "a")}, step{0, Begin{}}, step{1, Stop{}})
	same(t, got[len(got)-3:], "service a stopped", "service b stopped", "Over")
}

func TestASecretThatIsMissingEndsTheMachine(t *testing.T) {
	got := play(t, []Service{plain("needy")}, step{0, Begin{}}, step{0, Lacking{"needy", "token"}}, step{1, Stop{}})
	same(t, got, `needy is "starting"`, "failed service needy: the secret token was not given to this machine", "PowerOff", "Over")
}

func TestTheGuestsOwnServicesAreNoPartOfTheReport(t *testing.T) {
	own := plain("linuxkit.healthz")
	own.Quiet = true
	same(t, play(t, []Service{own}, step{0, Begin{}}, step{0, Prepared{Name: own.Name}}, step{1, Launched{own.Name, 1}}, step{2, Ended{own.Name, 1, 1}}), "Healthy", "launch linuxkit.healthz 1")
}
