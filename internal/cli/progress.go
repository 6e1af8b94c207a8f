package cli

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// progress shows one line on standard error while work is long, on a terminal only. It leaves nothing behind.
type progress struct {
	s       *session
	enabled bool
	mu      sync.Mutex
	start   time.Time
	last    time.Time
	shown   bool
}

// quietFor is how long work may take before it is worth a line.
const quietFor = 700 * time.Millisecond

func (s *session) progress(quiet bool) *progress {
	_, isTerminal := terminal(s.stderr)
	return &progress{s: s, enabled: isTerminal && !quiet, start: time.Now()}
}

// say shows a text.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !p.enabled || now.Sub(p.start) < quietFor || now.Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.shown = now, true
	if len(text) > 78 {
		text = text[:78]
	}
	fmt.Fprintf(p.s.stderr, "\r\x1b[K%s", text)
}

// count shows a bar of what is judged.
func (p *progress) count(done, total int) { p.bar("judging", done, total, "") }

// bar shows how much of some work is done, and what is being worked on.
func (p *progress) bar(work string, done, total int, what string) {
	if total == 0 {
		return
	}
	const width = 24
	full := done * width / total
	p.say(fmt.Sprintf("%-8s [%s%s] %d of %d %s", work, strings.Repeat("=", full), strings.Repeat(" ", width-full), done, total, what))
}

// done takes the line away.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.s.stderr, "\r\x1b[K")
	}
	p.enabled = false
}
