package decode

import (
	"errors"
	"fmt"
	"strings"

	"ward.dev/ward/internal/value"
)

// maxFilter bounds a filter pattern; CloudWatch accepts 1024 characters.
const maxFilter = 4096

// logWatches lists what a metric filter's pattern watches in CloudTrail's records.
func logWatches(v value.Value) value.Value {
	return readFilter(v, func(c clause) value.Value {
		return watched(v, func(e event) answer { return c.matches(e, v) }, trailTopics...)
	})
}

// logWords lists the texts that a metric filter's pattern looks for.
func logWords(v value.Value) value.Value {
	return readFilter(v, func(c clause) value.Value {
		out := found{}
		c.words(&out, v)
		return out.value(v)
	})
}

func readFilter(v value.Value, read func(clause) value.Value) value.Value {
	source, ok := v.AsString()
	switch {
	case v.IsAbsent():
		return v
	case v.IsUnknown():
		if source, ok = v.Template(); !ok {
			return hidden(v)
		}
	case !ok:
		return unreadable(v, "the filter pattern is not a text")
	}
	c, err := parseFilter(source)
	if err != nil {
		return openNames(v, append(v.Reasons(), reason(fmt.Sprintf("the filter pattern is not judged: %v", err))...))
	}
	return read(c)
}

// clause is a node of a filter pattern: a comparison, or clauses joined by && or ||.
type clause struct {
	join  string // "&&", "||" or "" for a comparison
	parts []clause
	path  string
	op    string // =, !=, <, <=, >, >=, exists, not exists, null, true, false
	text  string
	regex bool
}

func (c clause) matches(e event, raw value.Value) answer {
	matches := func(part clause) answer { return part.matches(e, raw) }
	switch c.join {
	case "&&":
		return every(c.parts, matches)
	case "||":
		return some(c.parts, matches)
	}
	return c.compare(e, raw)
}

func (c clause) compare(e event, raw value.Value) answer {
	unclear := unsure(reason("it is not known whether the events that ought to be watched have "+c.path), raw.Refs()...)
	field, isKnown := e.field(c.path)
	if !isKnown {
		return unclear
	}
	switch c.op {
	case "exists":
		return is(field != nil)
	case "not exists":
		return is(field == nil)
	case "null", "true", "false":
		return is(field != nil && fmt.Sprint(field) == c.op)
	}
	if field == nil {
		if c.op == "=" {
			return no
		}
		return unclear
	}
	if strings.Contains(c.text, "${") {
		return unsure(raw.Reasons(), raw.Refs()...)
	}
	text, isText := field.(string)
	if !isText || c.regex {
		return unclear
	}
	switch c.op {
	case "=":
		return is(starMatch(c.text, text))
	case "!=":
		return is(!starMatch(c.text, text))
	}
	return unclear
}

// starMatch compares with * as a wildcard.
func starMatch(pattern, text string) bool {
	return glob(strings.ReplaceAll(pattern, "?", "\uE0FF"), strings.ReplaceAll(text, "?", "\uE0FF"), true, false)
}

func (c clause) words(out *found, raw value.Value) {
	for _, part := range c.parts {
		part.words(out, raw)
	}
	switch {
	case strings.Contains(c.text, "${"):
		out.add("", raw.Reasons())
	case c.join == "" && c.op == "=":
		out.add(c.text, nil)
	}
}

// filterReader reads CloudWatch's filter patterns for JSON: { ($.a.b = "x*") && ($.c NOT EXISTS) }.
type filterReader struct {
	rest  string
	depth int
}

func parseFilter(source string) (clause, error) {
	source = strings.TrimSpace(source)
	if len(source) > maxFilter {
		return clause{}, fmt.Errorf("it is longer than %d characters", maxFilter)
	}
	if !strings.HasPrefix(source, "{") || !strings.HasSuffix(source, "}") {
		return clause{}, errors.New("it is not a filter of JSON records, which stands in braces")
	}
	r := &filterReader{rest: source[1 : len(source)-1]}
	c, err := r.either()
	if err == nil && r.peek() != "" {
		err = fmt.Errorf("%.20q is not expected", r.rest)
	}
	return c, err
}

func (r *filterReader) peek() string {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	return r.rest
}

func (r *filterReader) take(token string) bool {
	rest, ok := strings.CutPrefix(r.peek(), token)
	if ok {
		r.rest = rest
	}
	return ok
}

// word takes a word without regard to case.
func (r *filterReader) word(w string) bool {
	rest := r.peek()
	if len(rest) < len(w) || !strings.EqualFold(rest[:len(w)], w) {
		return false
	}
	r.rest = rest[len(w):]
	return true
}

func (r *filterReader) either() (clause, error) { return r.joined("||", r.both) }
func (r *filterReader) both() (clause, error)   { return r.joined("&&", r.one) }

func (r *filterReader) joined(op string, next func() (clause, error)) (clause, error) {
	first, err := next()
	parts := []clause{first}
	for err == nil && r.take(op) {
		var c clause
		c, err = next()
		parts = append(parts, c)
	}
	if len(parts) == 1 {
		return first, err
	}
	return clause{join: op, parts: parts}, err
}

func (r *filterReader) one() (clause, error) {
	if !r.take("(") {
		return r.comparison()
	}
	if r.depth++; r.depth > maxDepth {
		return clause{}, errors.New("it is nested too deeply")
	}
	c, err := r.either()
	if err == nil && !r.take(")") {
		err = errors.New("a parenthesis is not closed")
	}
	r.depth--
	return c, err
}

func (r *filterReader) comparison() (clause, error) {
	path, err := r.selector()
	if err != nil {
		return clause{}, err
	}
	c := clause{path: path}
	switch {
	case r.word("NOT"):
		if !r.word("EXISTS") {
			return c, errors.New("NOT is not followed by EXISTS")
		}
		c.op = "not exists"
		return c, nil
	case r.word("EXISTS"):
		c.op = "exists"
		return c, nil
	case r.word("IS"):
		for _, constant := range []string{"null", "true", "false"} {
			if r.word(constant) {
				c.op = constant
				return c, nil
			}
		}
		return c, errors.New("IS is not followed by NULL, TRUE or FALSE")
	}
	for _, op := range []string{"!=", "<=", ">=", "=", "<", ">"} {
		if r.take(op) {
			c.op = op
			c.text, c.regex, err = r.operand()
			return c, err
		}
	}
	return c, fmt.Errorf("an operator is wanted behind %s", path)
}

// selector reads $.a.b, $.a[0].b or $['a'] and returns a.b, a[0].b or a.
func (r *filterReader) selector() (string, error) {
	if !r.take("$") {
		return "", fmt.Errorf("a selector such as $.eventName is wanted instead of %.20q", r.rest)
	}
	end := strings.IndexAny(r.rest, " \t\r\n=!<>()&|{}")
	if end < 0 {
		end = len(r.rest)
	}
	path := r.rest[:end]
	r.rest = r.rest[end:]
	for _, quote := range []string{`'`, `"`} {
		path = strings.ReplaceAll(strings.ReplaceAll(path, "["+quote, "."), quote+"]", "")
	}
	if path = strings.TrimPrefix(path, "."); path == "" {
		return "", errors.New("a selector names nothing")
	}
	return path, nil
}

func (r *filterReader) operand() (text string, regex bool, err error) {
	rest := r.peek()
	if rest == "" {
		return "", false, errors.New("a value is missing")
	}
	if quote := rest[0]; quote == '"' || quote == '\'' || quote == '%' {
		end := strings.IndexByte(rest[1:], quote)
		if end < 0 {
			return "", false, errors.New("a quoted value does not end")
		}
		r.rest = rest[end+2:]
		return rest[1 : end+1], quote == '%', nil
	}
	end := 0
	for end < len(rest) {
		if strings.HasPrefix(rest[end:], "${") {
			n := holeLength(rest[end:])
			if n == 0 {
				return "", false, errors.New("a placeholder does not end")
			}
			end += n
			continue
		}
		if strings.ContainsRune(" \t\r\n()&|{}", rune(rest[end])) {
			break
		}
		end++
	}
	if end == 0 {
		return "", false, errors.New("a value is missing")
	}
	r.rest = rest[end:]
	return rest[:end], false, nil
}
