package logs

import "time"

const (
	// perSecond is what a container may write in the long run, and burst at once, in bytes.
	perSecond = 1 << 20
	burst     = 4 << 20
	// a keeper that drops begins again with this much
	resume = perSecond / 2
	// while it drops, it reads so much, and then rests
	stride = 64 << 10
	rest   = 4 * time.Millisecond
)

// budget is what may be written now (a token bucket). Its keeper drops what is beyond: the processor and the memory in
// which logs lie are the machine's, and a container writes as fast as it likes.
type budget struct {
	now     func() time.Time
	sleep   func(time.Duration)
	left    int64
	at      time.Time
	dropped int64
	// read since the last rest
	read int64
}

func newBudget() *budget {
	return &budget{now: time.Now, sleep: time.Sleep, left: burst, at: time.Now()}
}

// take gives how many of the bytes may be written, and how many were dropped before them.
func (b *budget) take(wanted int64) (allowed, before int64) {
	now := b.now()
	b.left = min(burst, b.left+int64(now.Sub(b.at).Seconds()*perSecond))
	b.at = now
	if b.dropped > 0 && b.left < resume {
		b.drop(wanted)
		return 0, 0
	}
	before, b.dropped = b.dropped, 0
	allowed = min(wanted, b.left)
	b.left -= allowed
	if allowed < wanted {
		b.drop(wanted - allowed)
	}
	return allowed, before
}

func (b *budget) drop(bytes int64) {
	b.dropped += bytes
	if b.read += bytes; b.read >= stride {
		b.read = 0
		b.sleep(rest)
	}
}
