package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Guard lets connections to public addresses through and to no others, but for those that the server's settings allow, so that the URL of
// a channel cannot reach what only this machine can reach.
type Guard struct {
	allow []netip.Prefix
	plain bool
}

// NewGuard allows networks ("10.0.5.0/24", "10.0.5.7") beside the public ones. plain lets tests use http to this machine.
func NewGuard(allow []string, plain bool) (*Guard, error) {
	g := &Guard{plain: plain}
	for _, text := range allow {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, bad := netip.ParseAddr(text)
			if bad != nil {
				return nil, fmt.Errorf("allow_addresses: %q is neither an address nor a network such as 10.0.5.0/24", text)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		g.allow = append(g.allow, prefix.Masked())
	}
	return g, nil
}

// special are networks that are not of the public internet beside those that package netip knows (RFC 6890).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

var errPrivate = errors.New("the address is not public; the server's settings can allow it (notifications.allow_addresses)")

// Check tells whether an address may be connected to.
func (g *Guard) Check(address netip.Addr) error {
	address = address.Unmap().WithZone("")
	for _, p := range g.allow {
		if p.Contains(address) {
			return nil
		}
	}
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return errPrivate
	}
	for _, p := range special {
		if p.Contains(address) {
			return errPrivate
		}
	}
	return nil
}

// Dial connects to an address that Check lets through. It is checked after names are resolved, so that a name cannot lead elsewhere.
func (g *Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return g.Check(to.Addr())
	}}
	return d.DialContext(ctx, network, address)
}

// Client is an HTTP client behind the guard. roots may be nil for those of the machine.
func (g *Guard) Client(config *tls.Config) *http.Client {
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DialContext: g.Dial, TLSClientConfig: config, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
			MaxIdleConns: 10, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 || r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme {
				return errors.New("it answers with a redirect to another place, which is not followed")
			}
			return nil
		},
	}
}

// loopback tells whether a host is this machine, by its address or its usual name.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.Unmap().IsLoopback()
}
