package serve

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/access/federation"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/governance"
)

// policy is the Content-Security-Policy of all pages: nothing of other hosts, no script or style within the page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// What a request may be.
const (
	maxBody   = governance.MaxFile + 4<<20 // bytes, of a form with a file
	perSecond = 50                         // requests of one address, in the mean
	burst     = 200
	forget    = 10 * time.Minute // an address that has not asked for so long
)

// around puts what holds for every request around a handler: from the outside in, metrics and log, headers, rates, size, origin, who.
func around(h http.Handler, identify func(http.Handler) http.Handler, m *metrics, log *slog.Logger, secure bool, proxies []netip.Prefix) http.Handler {
	h = unasked(identify(who(h)))
	origin := http.NewCrossOriginProtection()
	for _, pattern := range federation.Patterns {
		origin.AddInsecureBypassPattern(pattern)
	}
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This came from another site, and was not done.", http.StatusForbidden)
	}))
	h = origin.Handler(h)
	h = http.MaxBytesHandler(h, maxBody)
	h = newRates().handler(h)
	h = headers(h, secure)
	return forwarded(m.handler(recovered(h, log), log), proxies)
}

// forwarded has the address of a request be that for which a known proxy asks: the last of X-Forwarded-For that is no such proxy itself. What
// others say there is not believed.
func forwarded(h http.Handler, proxies []netip.Prefix) http.Handler {
	if len(proxies) == 0 {
		return h
	}
	known := func(a netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && known(peer.Addr().Unmap()) {
			all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
			for _, text := range slices.Backward(all) {
				a, err := netip.ParseAddr(strings.TrimSpace(text))
				if err != nil {
					break
				}
				r.RemoteAddr = netip.AddrPortFrom(a.Unmap(), 0).String()
				if !known(a.Unmap()) {
					break
				}
			}
		}
		h.ServeHTTP(w, r)
	})
}

// unasked marks what an open page asks by itself and cannot mark: a stream of events keeps no session from ending.
func unasked(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/live" {
			r.Header.Set(account.LiveHeader, "1")
		}
		h.ServeHTTP(w, r)
	})
}

// who tells the log of a request who acted, by which route.
func who(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if seen, ok := w.(*seen); ok {
			seen.account, seen.route = access.From(r.Context()).ID, r.Pattern
		}
	})
}

func headers(h http.Handler, secure bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set := w.Header().Set
		set("Content-Security-Policy", policy)
		set("X-Content-Type-Options", "nosniff")
		set("X-Frame-Options", "DENY")
		set("Referrer-Policy", "same-origin")
		set("Cross-Origin-Opener-Policy", "same-origin")
		set("Cross-Origin-Resource-Policy", "same-origin")
		set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), publickey-credentials-create=(self), publickey-credentials-get=(self)")
		if secure {
			set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, api.Prefix) {
			set("Cache-Control", "no-store")
			set("Content-Disposition", `attachment; filename="api.json"`) // a reply is never shown as a page; exports give a name of their own
		}
		h.ServeHTTP(w, r)
	})
}

// recovered keeps a fault in one request from ending the others.
func recovered(h http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if fault := recover(); fault != nil && fault != http.ErrAbortHandler {
				log.ErrorContext(r.Context(), "a fault of ward itself; please report it", "path", r.URL.Path, "fault", fault)
				http.Error(w, "Something went wrong in the server. Its log says more.", http.StatusInternalServerError)
			}
		}()
		h.ServeHTTP(w, r)
	})
}

// rates bound how often one address asks.
type rates struct {
	mutex sync.Mutex
	of    map[string]*limit
	swept time.Time
}

type limit struct {
	*rate.Limiter
	seen time.Time
}

func newRates() *rates { return &rates{of: map[string]*limit{}} }

func (l *rates) allow(address string, now time.Time) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if now.Sub(l.swept) > forget {
		for a, one := range l.of {
			if now.Sub(one.seen) > forget {
				delete(l.of, a)
			}
		}
		l.swept = now
	}
	one := l.of[address]
	if one == nil {
		one = &limit{Limiter: rate.NewLimiter(perSecond, burst)}
		l.of[address] = one
	}
	one.seen = now
	return one.AllowN(now, 1)
}

func (l *rates) handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.allow(network(r.RemoteAddr), time.Now()) {
			w.Header().Set("Retry-After", strconv.Itoa(1+burst/perSecond))
			http.Error(w, "Too many requests came from your address. Wait a few seconds.", http.StatusTooManyRequests)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// network is what one caller can choose addresses of: the address itself, of IPv6 the /64.
func network(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(host)
	if ip == nil || ip.To4() != nil {
		return host
	}
	return ip.Mask(net.CIDRMask(64, 128)).String()
}
