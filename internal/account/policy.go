package account

import (
	_ "embed"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Policy is what passwords must be.
type Policy struct {
	Longer   int           // than so many characters
	Special  bool          // has a character that is neither letter, digit nor space
	MaxAge   time.Duration // after which it must be changed; 0 is never
	Remember int           // how many earlier ones are not taken again
}

// DefaultPolicy asks of Ward's own accounts what Ward asks of others: more than 12 characters, special ones among them, changed after 90
// days, none of the last 24 again.
var DefaultPolicy = Policy{Longer: 12, Special: true, MaxAge: 90 * 24 * time.Hour, Remember: 24}

// longest is how many characters a password may have. Nothing is cut off: what is longer is refused.
const longest = 128

// fewest is how many different characters a password has.
const fewest = 6

//go:embed common.txt
var commonWords string

// common are what people take for passwords, in lower case.
var common = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(commonWords) {
		words[word] = true
	}
	return words
}()

// canonical is a password as it is hashed, so that it is the same from all keyboards.
func canonical(password string) string { return norm.NFKC.String(password) }

// Check tells what is wrong with a password for somebody of a name and an address; nil if nothing.
func (o Policy) Check(password, name, email string) error {
	if len(password) > longest*utf8.UTFMax || utf8.RuneCountInString(password) > longest || !utf8.ValidString(password) {
		return mistake("password", "The password is longer than %d characters. Take a shorter one.", longest)
	}
	password = canonical(password)
	different := map[rune]bool{}
	special := false
	for _, r := range password {
		different[r] = true
		special = special || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsSpace(r)
	}
	switch {
	case utf8.RuneCountInString(password) <= o.Longer:
		return mistake("password", "The password must have more than %d characters.", o.Longer)
	case o.Special && !special:
		return mistake("password", "The password must have a special character, such as a full stop or a hyphen.")
	case len(different) < fewest:
		return mistake("password", "The password has too few different characters.")
	case guessable(password, name, email):
		return mistake("password", "The password is a common one, or little more than your name. Take another, such as four words that have "+
			"nothing to do with each other.")
	}
	return nil
}

// letters are what digits and signs stand for in words that are spelt with them.
var letters = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// guessable tells whether a password is a common one with trimmings, or the name or the address of its owner with few others.
func guessable(password, name, email string) bool {
	lower := strings.ToLower(password)
	notLetter := func(r rune) bool { return !unicode.IsLetter(r) }
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	spelt := letters.Replace(strings.TrimFunc(lower, notLetter))
	for _, form := range []string{lower, only(lower, unicode.IsLetter), only(lower, word), only(spelt, unicode.IsLetter),
		strings.TrimFunc(letters.Replace(lower), notLetter)} {
		if common[form] {
			return true
		}
	}
	own, _, _ := strings.Cut(email, "@")
	rest := lower
	for _, part := range append(strings.Fields(strings.ToLower(name)), email, own, "ward") {
		if len(part) >= 3 {
			rest = strings.ReplaceAll(rest, part, "")
		}
	}
	return rest != lower && utf8.RuneCountInString(only(rest, word)) < ownCharacters
}

// ownCharacters is how many letters and digits a password must have besides the name and the address of its owner.
const ownCharacters = 8

func only(s string, keep func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if keep(r) {
			return r
		}
		return -1
	}, s)
}

// address is an address of e-mail as accounts have it.
func address(text string) (string, error) {
	email := normal(text)
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > 254 || !strings.Contains(email, "@") {
		return "", mistake("email", "This is not an address of e-mail, such as ann@example.org.")
	}
	return email, nil
}

// person is a name as accounts have it, the address if there is none.
func person(name, email string) string {
	if name = line(name, 100); name != "" {
		return name
	}
	return email
}

// line is a text as one line of at most so many characters, without control characters.
func line(text string, most int) string {
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)), " ")
	if cut := []rune(text); len(cut) > most {
		text = string(cut[:most])
	}
	return text
}
