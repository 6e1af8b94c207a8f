package decode

import (
	"fmt"
	"strings"

	"ward.dev/ward/internal/value"
)

// eventWatches lists what an EventBridge rule's pattern watches.
func eventWatches(v value.Value) value.Value {
	tree := document(v, "event pattern")
	if !tree.IsKnown() {
		return tree
	}
	if _, ok := tree.AsObject(); !ok {
		return unreadable(v, "the event pattern is not an object")
	}
	topics := append([]topic(nil), findingTopics...)
	for _, t := range trailTopics {
		topics = append(topics, topic{t.name, bridged(t.events)})
	}
	return watched(v, func(e event) answer { return e.fits(tree, "") }, topics...)
}

// bridged are the records of CloudTrail as EventBridge delivers them.
func bridged(records []event) []event {
	events := make([]event, len(records))
	for i, record := range records {
		service, _, _ := strings.Cut(record["eventSource"].(string), ".")
		e := event{"source": "aws." + service, "detail-type": "AWS API Call via CloudTrail"}
		if service == "signin" {
			e["detail-type"] = "AWS Console Sign In via CloudTrail"
		}
		for path, v := range record {
			e["detail."+path] = v
		}
		events[i] = e
	}
	return events
}

// eventWords lists the texts that an EventBridge rule's pattern looks for.
func eventWords(v value.Value) value.Value {
	tree := document(v, "event pattern")
	if !tree.IsKnown() {
		return tree
	}
	out := found{}
	collectWords(tree, &out)
	return out.value(v)
}

func collectWords(v value.Value, out *found) {
	if v.IsUnknown() || v.IsOpen() {
		out.add("", v.Reasons())
	}
	if s, ok := v.AsString(); ok {
		out.add(s, nil)
	}
	items, _ := v.AsList()
	for _, item := range items {
		collectWords(item, out)
	}
	for _, key := range v.Keys() {
		if key != "anything-but" {
			collectWords(v.Field(key), out)
		}
	}
}

// fits tells whether the event matches the part of a pattern that stands at path.
func (e event) fits(pattern value.Value, path string) answer {
	if items, ok := pattern.AsList(); ok {
		one := some(items, func(item value.Value) answer { return e.fitsValue(item, path) })
		if pattern.IsOpen() {
			one = either(one, unsure(pattern.Reasons()))
		}
		return one
	}
	if _, ok := pattern.AsObject(); !ok {
		return unsure(append(pattern.Reasons(), reason("a part of the event pattern is neither a list nor an object")...))
	}
	whole := every(pattern.Keys(), func(key string) answer {
		if key == "$or" {
			choices, _ := pattern.Field(key).AsList()
			return some(choices, func(choice value.Value) answer { return e.fits(choice, path) })
		}
		return e.fits(pattern.Field(key), strings.TrimPrefix(path+"."+key, "."))
	})
	if pattern.IsOpen() {
		whole = all(whole, unsure(pattern.Reasons()))
	}
	return whole
}

// fitsValue tells whether the event's field at path is one that an element of a pattern's list accepts.
func (e event) fitsValue(pattern value.Value, path string) answer {
	field, named := e[path]
	unclear := unsure(append(pattern.Reasons(),
		reason("it is not known whether the events that ought to be watched have this "+path)...))
	if !named || pattern.IsUnknown() {
		return unclear
	}
	test, isTest := pattern.AsObject()
	if !isTest {
		return is(field != nil && equalTo(field, pattern))
	}
	for operator, operand := range test {
		if operator == "exists" {
			wanted, ok := operand.AsBool()
			if !ok {
				return unclear
			}
			return is(wanted == (field != nil))
		}
		if field == nil {
			return no
		}
		return accepts(operator, operand, field, unclear)
	}
	return unclear
}

func equalTo(field any, pattern value.Value) bool {
	if n, ok := field.(float64); ok {
		whole, isWhole := pattern.Data().(int64)
		return isWhole && float64(whole) == n || pattern.Data() == any(n)
	}
	return fmt.Sprint(pattern.Data()) == fmt.Sprint(field)
}

// accepts tells whether a test of EventBridge's pattern language accepts a field.
func accepts(operator string, operand value.Value, field any, unclear answer) answer {
	text, isText := field.(string)
	wanted, isWanted := operand.AsString()
	if operator == "numeric" {
		return acceptsNumber(operand, field, unclear)
	}
	if operator == "anything-but" {
		items, isList := operand.AsList()
		if !isList {
			items = []value.Value{operand}
		}
		if _, nested := operand.AsObject(); nested || operand.IsUnknown() || operand.IsOpen() {
			return unclear
		}
		return not(some(items, func(item value.Value) answer {
			if item.IsUnknown() {
				return unclear
			}
			return is(equalTo(field, item))
		}))
	}
	if !isText || !isWanted {
		return unclear
	}
	switch operator {
	case "prefix":
		return is(strings.HasPrefix(text, wanted))
	case "suffix":
		return is(strings.HasSuffix(text, wanted))
	case "equals-ignore-case":
		return is(strings.EqualFold(text, wanted))
	case "wildcard":
		return is(starMatch(wanted, text))
	}
	return unclear
}

// acceptsNumber judges {"numeric": [">=", 7, "<", 9]}.
func acceptsNumber(operand value.Value, field any, unclear answer) answer {
	terms, ok := operand.AsList()
	n, isNumber := field.(float64)
	if !ok || !isNumber || len(terms) == 0 || len(terms)%2 != 0 || operand.IsOpen() {
		return unclear
	}
	out := yes
	for i := 0; i < len(terms); i += 2 {
		operator, _ := terms[i].AsString()
		var bound float64
		switch d := terms[i+1].Data().(type) {
		case int64:
			bound = float64(d)
		case float64:
			bound = d
		default:
			return unclear
		}
		holds := map[string]bool{"=": n == bound, "<": n < bound, "<=": n <= bound, ">": n > bound, ">=": n >= bound}
		answer, known := holds[operator]
		if !known {
			return unclear
		}
		out = all(out, is(answer))
	}
	return out
}
