package serve

import (
	"time"

	"ward.dev/ward/internal/account"
)

// Passwords say what passwords must be. They can be made stricter than what Ward asks of others, and never weaker: more than 12 characters, special
// ones among them, changed after at most 90 days, none again.
type Passwords struct {
	Longer   int `yaml:"longer_than"` // characters
	MaxDays  int `yaml:"max_days"`
	Remember int `yaml:"remember"` // earlier ones that are not taken again
	// Breached is a file of SHA-1 digests of passwords that became known, in order; "" for none.
	Breached string `yaml:"breached,omitempty"`
}

// Lockout says how long who tries in vain has to wait.
type Lockout struct {
	Account int           `yaml:"account_attempts"` // that are free
	Address int           `yaml:"address_attempts"`
	First   time.Duration `yaml:"first_wait"` // which each further attempt doubles
	Longest time.Duration `yaml:"longest_wait"`
}

const day = 24 * time.Hour

func defaultPasswords() Passwords {
	d := account.DefaultPolicy
	return Passwords{Longer: d.Longer, MaxDays: int(d.MaxAge / day), Remember: d.Remember}
}

func defaultLockout() Lockout { return Lockout(account.DefaultLockout) }

// check tells what is not possible.
func (p Passwords) check(fault func(format string, args ...any)) {
	d := defaultPasswords()
	if p.Longer < d.Longer || p.Longer > 60 {
		fault("passwords.longer_than: %d to 60 are possible: passwords have more characters than that", d.Longer)
	}
	if p.MaxDays < 1 || p.MaxDays > d.MaxDays {
		fault("passwords.max_days: 1 to %d are possible", d.MaxDays)
	}
	if p.Remember < d.Remember || p.Remember > 100 {
		fault("passwords.remember: %d to 100 are possible: passwords are not used again", d.Remember)
	}
}

// check tells what is not safe: so many attempts that passwords can be tried, or so few or such long waits that anybody can lock others out.
func (l Lockout) check(fault func(format string, args ...any)) {
	if l.Account < 3 || l.Account > 10 {
		fault("lockout.account_attempts: 3 to 10 are possible")
	}
	if l.Address < l.Account || l.Address > 100 {
		fault("lockout.address_attempts: at least account_attempts and at most 100 are possible")
	}
	if l.First < 10*time.Second || l.First > 5*time.Minute {
		fault("lockout.first_wait: 10s to 5m are possible")
	}
	if l.Longest < 5*time.Minute || l.Longest > time.Hour {
		fault("lockout.longest_wait: 5m to 1h are possible")
	}
}

// accounts puts the settings of passwords and attempts into those of accounts.
func (s *Settings) accounts(o account.Options) (account.Options, error) {
	o.Policy = account.Policy{Longer: s.Passwords.Longer, Special: true, MaxAge: time.Duration(s.Passwords.MaxDays) * day, Remember: s.Passwords.Remember}
	o.Lockout = account.Lockout(s.Lockout)
	if s.Passwords.Breached == "" {
		return o, nil
	}
	var err error
	o.Breached, err = account.OpenBreached(s.Passwords.Breached) // which stays open as long as the program runs
	return o, err
}
