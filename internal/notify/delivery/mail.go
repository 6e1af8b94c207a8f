package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// email sends a message over SMTP. The connection is encrypted and the server's certificate verified unless the server is this machine.
func (p *Post) email(ctx context.Context, c Channel, password string, m Message) error {
	letter, err := p.letter(c, m)
	if err != nil {
		return final("the addresses of the channel are not usable")
	}
	config := p.tls.Clone()
	config.ServerName = c.Host
	options := []mail.Option{mail.WithTimeout(20 * time.Second), mail.WithTLSConfig(config), mail.WithHELO("ward.invalid")}
	dial := p.guard.Dial
	port := c.Port
	switch c.Security {
	case "tls":
		// Not WithSSL: with a dialer of one's own it takes the connection for unencrypted and sends no password.
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
		dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			plain, err := p.guard.Dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return tls.Client(plain, config), nil
		}
		if port == 0 {
			port = 465
		}
	case "none":
		if !loopback(c.Host) {
			return final("mail without TLS goes to this machine only")
		}
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if port == 0 {
		port = 587
	}
	options = append(options, mail.WithPort(port), mail.WithDialContextFunc(dial))
	if c.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(c.User), mail.WithPassword(password))
	}
	client, err := mail.NewClient(c.Host, options...)
	if err != nil {
		return final("the mail server is not set up well")
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return mailFault(err)
	}
	defer client.CloseWithSMTPClient(connection) // a server that fails after it took the message took it all the same
	err = client.SendWithSMTPClient(connection, letter)
	if letter.IsDelivered() {
		return nil
	}
	return mailFault(err)
}

// letter is the mail with the message. Its Message-ID is the same for each attempt, so that mail servers drop a second one.
func (p *Post) letter(c Channel, m Message) (*mail.Msg, error) {
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := letter.From(c.From); err != nil {
		return nil, err
	}
	to := c.To
	if len(m.To) > 0 {
		to = m.To
	}
	if err := letter.To(to...); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(strings.TrimSuffix(c.From, ">"), "@")
	letter.SetMessageIDWithValue(m.ID + "@" + domain)
	letter.SetDateWithValue(p.now())
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no replies of absence
	letter.Subject("[Ward] " + m.Title)
	letter.SetBodyString(mail.TypeTextPlain, m.Text())
	return letter, nil
}

// mailFault tells what an error of SMTP means, without what the server wrote.
func mailFault(err error) error {
	if err == nil {
		return nil
	}
	var send *mail.SendError
	var reply *textproto.Error
	switch {
	case errors.Is(err, errPrivate):
		return err
	case errors.As(err, &send):
		code := send.ErrorCode() // 0 if the connection was cut
		return &Fault{Text: "the mail server did not take the message", Final: code >= 500, Lost: code == 0}
	case errors.As(err, &reply) && reply.Code == 535:
		return final("the mail server refused the user or the password")
	case errors.As(err, &reply):
		return &Fault{Text: "the mail server refused the connection", Final: reply.Code >= 500}
	case strings.Contains(err.Error(), "STARTTLS"):
		return final("the mail server offers no encrypted connection")
	case strings.Contains(err.Error(), "AUTH"):
		return final("the mail server takes no password the way Ward can send it")
	}
	return err
}
