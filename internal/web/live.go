package web

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"ward.dev/ward/internal/access"
)

// Live tells open pages that an estate changed, by server-sent events. The pages then ask for themselves again, so that nothing is
// told to somebody who may not see it.
type Live struct {
	most int
	over chan struct{}

	mutex     sync.Mutex
	listeners map[*listener]struct{}
}

type listener struct {
	estate  string        // "" hears of all
	changed chan struct{} // holds one: what happens twice before it is told is told once
}

const (
	livePulse = 25 * time.Second // what proxies that cut idle connections let live
	liveSpan  = 5 * time.Minute  // then the browser comes again, and must be signed in still
	liveWrite = 10 * time.Second
)

// Live answers GET /live?estate= for at most so many open pages at once.
func (s *Site) Live(most int) *Live {
	l := &Live{most: most, over: make(chan struct{}), listeners: map[*listener]struct{}{}}
	s.Handle("GET /live", access.View, l.serve)
	return l
}

// Tell has the open pages of an estate, and those of no estate, renew themselves. It never waits.
func (l *Live) Tell(estate string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for who := range l.listeners {
		if who.estate == "" || estate == "" || who.estate == estate {
			select {
			case who.changed <- struct{}{}:
			default:
			}
		}
	}
}

// Stop ends what open pages wait for, so that a server can stop. It may be called once.
func (l *Live) Stop() { close(l.over) }

func (l *Live) listen(estate string) (*listener, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.listeners) >= l.most {
		return nil, Faultf(http.StatusServiceUnavailable, "Too many pages are open to keep this one up to date. Load it again to see what is new.")
	}
	who := &listener{estate: estate, changed: make(chan struct{}, 1)}
	l.listeners[who] = struct{}{}
	return who, nil
}

func (l *Live) leave(who *listener) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.listeners, who)
}

func (l *Live) serve(w http.ResponseWriter, r *http.Request) error {
	who, err := l.listen(r.URL.Query().Get("estate"))
	if err != nil {
		return err
	}
	defer l.leave(who)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	say := func(text string) bool {
		// Not every server lets the deadline be moved, and then it is its own that counts.
		_ = out.SetWriteDeadline(time.Now().Add(liveWrite))
		_, err := fmt.Fprint(w, text)
		return err == nil && out.Flush() == nil
	}
	pulse, end := time.NewTicker(livePulse), time.NewTimer(liveSpan)
	defer pulse.Stop()
	defer end.Stop()
	for ok := say("retry: 3000\n\n"); ok; {
		select {
		case <-who.changed:
			ok = say("event: changed\ndata: {}\n\n")
		case <-pulse.C:
			ok = say(": \n\n")
		case <-end.C:
			return nil
		case <-l.over:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
	return nil // the reader has gone
}
