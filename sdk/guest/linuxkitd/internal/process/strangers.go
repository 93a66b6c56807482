package process

// mostStrangers bounds the ends that are kept while a container starts.
const mostStrangers = 4096

// strangers are the ends of processes that no one waits for, the newest ones: whoever makes many of them pushes out its
// own, and not that of a container that starts now.
type strangers struct {
	ends []end
	// next is where the oldest lies once the list is full
	next int
}

type end struct{ pid, status int }

func (s *strangers) put(pid, status int) {
	if len(s.ends) < mostStrangers {
		s.ends = append(s.ends, end{pid, status})
		return
	}
	s.ends[s.next] = end{pid, status}
	s.next = (s.next + 1) % mostStrangers
}

// take gives the newest end under a number, and forgets all under it.
func (s *strangers) take(pid int) (status int, found bool) {
	for at := range s.ends {
		// from the newest to the oldest
		one := &s.ends[(s.next+len(s.ends)-1-at)%len(s.ends)]
		if one.pid != pid {
			continue
		}
		if !found {
			status, found = one.status, true
		}
		one.pid = 0
	}
	return status, found
}

func (s *strangers) clear() { *s = strangers{} }
