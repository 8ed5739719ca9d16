package server

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// defaultRate is generous: it is there for clients that run wild.
	defaultRate = 5000
	// maxLimiters bounds the memory of limits; only tokens that are good get one.
	maxLimiters = 10_000
	// maxStreamsOfOne bounds the event streams that one token holds open.
	maxStreamsOfOne = 5000
)

// limits keep every token to so many requests a second, with a burst of twice that. Safe for concurrent use.
type limits struct {
	perSecond float64 // 0: none

	mu  sync.Mutex
	set map[string]*rate.Limiter
}

// admit takes one request of a token; if it comes too early it tells how long to wait.
func (l *limits) admit(token string, now time.Time) (wait time.Duration) {
	if l.perSecond <= 0 {
		return 0
	}
	r := l.of(token).ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

func (l *limits) of(token string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.set[token]
	if limiter == nil {
		if l.set == nil || len(l.set) >= maxLimiters {
			l.set = map[string]*rate.Limiter{} // who is forgotten begins with a full burst
		}
		limiter = rate.NewLimiter(rate.Limit(l.perSecond), max(1, int(2*l.perSecond)))
		l.set[token] = limiter
	}
	return limiter
}

// tooMany is the answer to a request that has to wait.
func tooMany(wait time.Duration, message string) *failure {
	seconds := int(math.Ceil(wait.Seconds()))
	return &failure{
		status: http.StatusTooManyRequests, code: codeRateLimited, message: message, retryAfter: strconv.Itoa(max(1, seconds)),
	}
}
