// Package deliverytest gives tests places to deliver to: a web server with TLS that keeps what it is sent, and a real mail server.
package deliverytest

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Request is one that a Receiver took.
type Request struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// Receiver is a web server with TLS on this machine.
type Receiver struct {
	URL    string
	Answer func(w http.ResponseWriter, r Request) // nil answers 200 and an empty object

	server *httptest.Server
	mutex  sync.Mutex
	took   []Request
}

// NewReceiver starts a server that ends with the test.
func NewReceiver(tb testing.TB) *Receiver {
	tb.Helper()
	r := &Receiver{}
	r.server = httptest.NewTLSServer(http.HandlerFunc(r.serve))
	r.server.Config.ErrorLog = nil
	r.URL = r.server.URL
	tb.Cleanup(r.server.Close)
	return r
}

func (r *Receiver) serve(w http.ResponseWriter, in *http.Request) {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	request := Request{in.Method, in.URL.RequestURI(), in.Header, string(body)}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.took = append(r.took, request)
	if r.Answer != nil {
		r.Answer(w, request)
		return
	}
	_, _ = io.WriteString(w, "{}")
}

// Took is all that the server was sent, and forgets it.
func (r *Receiver) Took() []Request {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	took := r.took
	r.took = nil
	return took
}

// TLS trusts the server.
func (r *Receiver) TLS() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(r.server.Certificate())
	return &tls.Config{RootCAs: pool}
}

// Letter is a mail that a Mailbox took.
type Letter struct {
	From string
	To   []string
	Text string // with its header
	TLS  bool
	User string
}

// Mailbox is a mail server on this machine with the certificate of a Receiver.
type Mailbox struct {
	Port int
	// User and Password are asked for if they are set.
	User, Password string

	mutex   sync.Mutex
	letters []Letter
	refuse  *smtp.SMTPError
}

// NewMailbox starts a mail server that ends with the test. security is "starttls", "tls" or "none".
func NewMailbox(tb testing.TB, r *Receiver, security, user, password string) *Mailbox {
	tb.Helper()
	m := &Mailbox{User: user, Password: password}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{box: m, conn: c}, nil }))
	server.Domain, server.AllowInsecureAuth = "mail.test", security == "none"
	config := &tls.Config{Certificates: r.server.TLS.Certificates}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	m.Port, _ = strconv.Atoi(port)
	switch security {
	case "tls":
		listener = tls.NewListener(listener, config)
	case "starttls":
		server.TLSConfig = config
	}
	go server.Serve(listener) //nolint:errcheck // ends when the test closes it
	tb.Cleanup(func() { server.Close() })
	return m
}

// Refuse has the server refuse letters with a code of SMTP; 0 ends that.
func (m *Mailbox) Refuse(code int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.refuse = nil
	if code != 0 {
		m.refuse = &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: "no"}
	}
}

// Took is all that the server was sent, and forgets it.
func (m *Mailbox) Took() []Letter {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	took := m.letters
	m.letters = nil
	return took
}

type session struct {
	box    *Mailbox
	conn   *smtp.Conn
	letter Letter
}

func (s *session) AuthMechanisms() []string {
	if s.box.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.box.User || password != s.box.Password {
			return smtp.ErrAuthFailed
		}
		s.letter.User = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.box.User != "" && s.letter.User == "" {
		return smtp.ErrAuthRequired
	}
	s.letter.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.To = append(s.letter.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.box.mutex.Lock()
	defer s.box.mutex.Unlock()
	if s.box.refuse != nil {
		return s.box.refuse
	}
	_, s.letter.TLS = s.conn.TLSConnectionState()
	s.letter.Text = string(text)
	s.box.letters = append(s.box.letters, s.letter)
	return nil
}

func (s *session) Reset() { s.letter = Letter{User: s.letter.User} }

func (s *session) Logout() error { return nil }
