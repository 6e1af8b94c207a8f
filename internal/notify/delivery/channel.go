// Package delivery brings a message to people: by e-mail, chat, pager, webhook or ticket.
//
// It must not know the state, nor why a message is sent. A message holds titles of checks, counts, citations and links; it MUST NOT hold
// values, evidence or tags, and names resources only for a channel that was set so. Secrets of channels appear in no error.
package delivery

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Kind is a sort of channel.
type Kind string

// The kinds of channels.
const (
	Email     Kind = "email"
	Slack     Kind = "slack"
	Teams     Kind = "teams"
	PagerDuty Kind = "pagerduty"
	Webhook   Kind = "webhook"
	Jira      Kind = "jira"
	GitHub    Kind = "github"
)

// Kinds are all kinds of channels.
var Kinds = []Kind{Email, Slack, Teams, PagerDuty, Webhook, Jira, GitHub}

// SecretName is what the secret of a channel of this kind is called.
func (k Kind) SecretName() string {
	switch k {
	case Email:
		return "password"
	case Slack, Teams:
		return "webhook URL"
	case PagerDuty:
		return "routing key"
	case Webhook:
		return "signing key"
	}
	return "token"
}

// PerGroup tells whether each group of events has an incident or issue of its own on such a channel.
func (k Kind) PerGroup() bool { return k == PagerDuty || k == Jira || k == GitHub }

// DefaultPerHour is how many messages an hour a channel takes before they are folded into a summary.
const DefaultPerHour = 20

// Channel is a place that messages go to. Its secret is kept apart.
type Channel struct {
	ID      string `json:"id,omitempty" readOnly:"true"`
	Name    string `json:"name" maxLength:"80"`
	Kind    Kind   `json:"kind" enum:"email,slack,teams,pagerduty,webhook,jira,github"`
	Off     bool   `json:"off,omitempty" doc:"keeps it without sending to it"`
	Detail  string `json:"detail,omitempty" enum:",resources" doc:"\"resources\" has messages name resources, which may be sensitive"`
	Mended  bool   `json:"mended,omitempty" doc:"tells what was mended, too; resolves incidents and closes issues"`
	PerHour int    `json:"per_hour,omitempty" minimum:"0" maximum:"1000" doc:"messages an hour before only a summary goes; 0 is 20"`

	// Host, Port, Security, User, From and To are of e-mail.
	Host     string   `json:"host,omitempty"`
	Port     int      `json:"port,omitempty" minimum:"0" maximum:"65535"`
	Security string   `json:"security,omitempty" enum:",starttls,tls,none" doc:"of the connection; \"none\" only to this machine"`
	User     string   `json:"user,omitempty" doc:"who signs in: to the mail server, or to Jira with an API token"`
	From     string   `json:"from,omitempty"`
	To       []string `json:"to,omitempty" maxItems:"50"`

	// URL is that of a webhook, of Jira, and of GitHub or PagerDuty if it is not the usual one.
	URL string `json:"url,omitempty"`
	// Project is "PROJ" in Jira and "owner/name" in GitHub.
	Project string `json:"project,omitempty"`
	// IssueType is of Jira; "" is "Task".
	IssueType string `json:"issue_type,omitempty"`
}

// NamesResources tells whether messages to the channel name resources.
func (c Channel) NamesResources() bool { return c.Detail == "resources" }

// Limit is how many messages an hour the channel takes.
func (c Channel) Limit() int {
	if c.PerHour == 0 {
		return DefaultPerHour
	}
	return c.PerHour
}

var (
	jiraProject = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,49}$`)
	gitHubName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)
	hostName    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$|^\[?[0-9a-fA-F:.]+\]?$`)
)

// Wrong is what is wrong with one of the settings of a channel.
type Wrong struct {
	Field string // as JSON has it; "secret" is that of the channel
	Text  string // a sentence without its capital and full stop
}

// Error implements error.
func (w *Wrong) Error() string { return w.Text }

func wrong(field, format string, args ...any) error {
	return &Wrong{field, fmt.Sprintf(format, args...)}
}

// Check tells what is wrong with the settings of a channel. Every error is a Wrong. plain allows URLs without TLS to this machine, for tests.
func (c Channel) Check(plain bool) error {
	switch {
	case strings.TrimSpace(c.Name) == "" || len(c.Name) > 80:
		return wrong("name", "give the channel a name of at most 80 characters")
	case !slices.Contains(Kinds, c.Kind):
		return wrong("kind", "there is no kind of channel %q", c.Kind)
	case c.Detail != "" && c.Detail != "resources":
		return wrong("detail", "detail %q is neither empty nor \"resources\"", c.Detail)
	case c.PerHour < 0 || c.PerHour > 1000:
		return wrong("per_hour", "the limit per hour is from 0 to 1000")
	}
	switch c.Kind {
	case Email:
		return c.checkEmail()
	case Webhook:
		return at("url", CheckURL(c.URL, plain))
	case Jira:
		if !jiraProject.MatchString(c.Project) {
			return wrong("project", "the project of Jira is its key, such as OPS")
		}
		return at("url", CheckURL(c.URL, plain))
	case GitHub:
		if !gitHubName.MatchString(c.Project) {
			return wrong("project", "the repository of GitHub is written owner/name")
		}
	}
	if c.URL != "" {
		return at("url", CheckURL(c.URL, plain))
	}
	return nil
}

func (c Channel) checkEmail() error {
	if !hostName.MatchString(c.Host) {
		return wrong("host", "write the name of the mail server, such as smtp.example.org")
	}
	if !slices.Contains([]string{"", "starttls", "tls", "none"}, c.Security) {
		return wrong("security", "security %q is none of starttls, tls and none", c.Security)
	}
	if c.Port < 0 || c.Port > 65535 {
		return wrong("port", "the port is from 1 to 65535")
	}
	if _, err := mail.ParseAddress(c.From); err != nil {
		return wrong("from", "the address that mail is from is not an address of e-mail")
	}
	if len(c.To) == 0 || len(c.To) > 50 {
		return wrong("to", "write the addresses to send to, one on each line")
	}
	for _, to := range c.To {
		if _, err := mail.ParseAddress(to); err != nil {
			return wrong("to", "%q is not an address of e-mail", to)
		}
	}
	return nil
}

// CheckSecret tells whether a secret suits the kind of channel. Every error is a Wrong.
func (c Channel) CheckSecret(secret string, plain bool) error {
	switch c.Kind {
	case Email:
		if c.User != "" && secret == "" {
			return wrong("secret", "a user of the mail server needs a password")
		}
		return nil
	case Slack, Teams:
		return at("secret", CheckURL(secret, plain))
	case Webhook:
		_, err := signingKey(secret)
		return at("secret", err)
	}
	if secret == "" || len(secret) > 4096 || strings.ContainsAny(secret, "\r\n") {
		return wrong("secret", "the %s is missing or is no single line", c.Kind.SecretName())
	}
	return nil
}

// at is an error about a field.
func at(field string, err error) error {
	if err == nil {
		return nil
	}
	return &Wrong{field, err.Error()}
}

// CheckURL tells what is wrong with the URL of a channel: it must be https, without user and password. It does not repeat the URL, which
// may be a secret.
func CheckURL(text string, plain bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || len(text) > 2048:
		return errors.New("the URL is not one of a web server")
	case u.User != nil:
		return errors.New("the URL must not hold a user or a password")
	case u.Fragment != "":
		return errors.New("the URL must not have a fragment")
	case u.Scheme == "https", u.Scheme == "http" && plain && loopback(u.Hostname()):
		return nil
	}
	return errors.New("the URL must begin with https://")
}
