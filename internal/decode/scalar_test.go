package decode

import (
	"testing"

	"ward.dev/ward/internal/value"
)

func TestBool(t *testing.T) {
	decodes(t, "bool", []decoding{
		{"a boolean", true, true},
		{"a text", "False", false},
		{"a number", 1, true},
		{"a number in a text", "0", false},
		{"another word", "enabled", "?"},
		{"another number", 2, "?"},
		{"a list", list{true}, "?"},
	})
}

func TestInt(t *testing.T) {
	decodes(t, "int", []decoding{
		{"a number", 30, 30},
		{"a text", " 30 ", 30},
		{"a whole float", value.Float(7), 7},
		{"a fraction", value.Float(7.5), "?"},
		{"a huge float", value.Float(1e300), "?"},
		{"a word", "many", "?"},
	})
}

func TestSum(t *testing.T) {
	decodes(t, "sum", []decoding{
		{"numbers", list{1, 2, nil, 4}, 7},
		{"one number", 5, 5},
		{"none", list{}, 0},
		{"one that is not known", list{1, unknown()}, "?"},
		{"a text", list{1, "x"}, "?"},
		{"a list that may go on", value.List(value.Int(1)).Open(why), "?"},
	})
}

func TestTexts(t *testing.T) {
	decodes(t, "string", []decoding{
		{"a number as it is written", value.Float(1.5), "1.5"},
		{"a template is kept", template("a-${var.x}"), "?a-${var.x}"},
		{"an object", obj{}, "?"},
	})
	decodes(t, "lower", []decoding{{"a text", "ENABLED", "enabled"}, {"a boolean", true, "true"}, {"a list", list{}, "?"}})
	decodes(t, "strings", []decoding{
		{"one text", "a", list{"a"}},
		{"a list", list{"a", 1, nil}, list{"a", "1"}},
		{"an element with a placeholder", list{"a", template("b-${var.x}")}, list{"a", "?b-${var.x}"}},
		{"an element that is not known", list{"a", unknown()}, list{"a", "..."}},
		{"an open list", value.Strings("a").Open(why), list{"a", "..."}},
		{"an object", obj{}, list{"..."}},
	})
	decodes(t, "csv", []decoding{
		{"items", "audit, api,,x ", list{"audit", "api", "x"}},
		{"no items", "", list{}},
		{"a list already", list{"a"}, list{"a"}},
		{"an object", obj{}, "?"},
	})
}

func TestJSON(t *testing.T) {
	decodes(t, "json", []decoding{
		{"a tree", `{"a":[1,2.5,true,null,"x"]}`, obj{"a": list{1, 2.5, true, nil, "x"}}},
		{"a tree already", obj{"a": 1}, obj{"a": 1}},
		{"placeholders", template(`{"a":"x-${var.a}","b":${var.b},"c":[${var.c},1]}`),
			obj{"a": "?x-${var.a}", "b": "?", "c": list{1, "..."}}},
		{"a placeholder in a key", template(`{"${var.a}":1}`), obj{"${var.a}": 1, "...": true}},
		{"quotes within a placeholder", template(`{"a":"${lookup(var.m, "k")}!","b":1}`), obj{"a": `?${lookup(var.m, "k")}!`, "b": 1}},
		{"quotes within a text", template(`{"a":"\"${var.a}\"","b":"\\"}`), obj{"a": `?"${var.a}"`, "b": `\`}},
		{"a variable of IAM is no placeholder", template(`{"a":"${aws:username}","b":"${var.b}"}`),
			obj{"a": "${aws:username}", "b": "?${var.b}"}},
		{"a key given twice", `{"a":1,"a":2}`, obj{"a": "?"}},
		{"an empty text", "", nil},
		{"not JSON", "{", "?"},
		{"two documents", "{}{}", "?"},
		{"a number out of range", `1e999`, "?"},
	})
}

func TestTags(t *testing.T) {
	decodes(t, "tags", []decoding{
		{"a map", obj{"phi": true, "owner": "x", "none": nil}, obj{"phi": "true", "owner": "x"}},
		{"keys and values", list{obj{"Key": "phi", "Value": "yes"}, obj{"key": "empty"}}, obj{"phi": "yes", "empty": ""}},
		{"as KMS has them", list{obj{"TagKey": "phi", "TagValue": "yes"}, obj{"TagKey": "empty"}}, obj{"phi": "yes", "empty": ""}},
		{"a value that is not known", list{obj{"Key": "phi", "Value": unknown()}}, obj{"phi": "?"}},
		{"a key that is not known", list{obj{"Key": unknown(), "Value": "yes"}}, obj{"...": true}},
		{"a tag that is not known", list{obj{"Key": "a", "Value": "b"}, unknown()}, obj{"a": "b", "...": true}},
		{"a tag without a key", list{obj{"Value": "yes"}}, obj{"...": true}},
		{"an open map", value.Object(nil).Open(why), obj{"...": true}},
		{"a text", "phi", "?"},
	})
}

func TestDays(t *testing.T) {
	decodes(t, "days", []decoding{
		{"days", obj{"days": 30}, 30},
		{"years in a nested block", list{obj{"years": "2", "days": nil}}, 730},
		{"CloudFormation", obj{"Years": 1}, 365},
		{"a number", 7, 7},
		{"neither", obj{"mode": "GOVERNANCE"}, nil},
		{"days that are not known", obj{"days": unknown(), "years": 1}, "?"},
		{"too many", obj{"years": 1 << 40}, "?"},
		{"no block", list{}, nil},
	})
}
