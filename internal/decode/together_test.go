package decode

import (
	"slices"
	"testing"

	"ward.dev/ward/internal/value"
)

func TestEscalationsTogether(t *testing.T) {
	const (
		pass    = `{"Statement": {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}}`
		make    = `{"Statement": [{"Effect": "Allow", "Action": ["ec2:RunInstances"], "Resource": "arn:aws:ec2:*:*:instance/*"}]}`
		admin   = `{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`
		noIAM   = `{"Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}`
		maybe   = `{"Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}]}`
		oneRole = `{"Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/app"}]}`
		encoded = `%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22iam%3APutUserPolicy%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D`
	)
	const both = "iam:PassRole+ec2:RunInstances"
	for _, test := range []struct {
		name      string
		documents []string
		has, not  []string
	}{
		{"one alone", []string{make}, nil, []string{both}},
		{"the right to pass", []string{pass}, []string{"iam:PassRole"}, []string{both}},
		{"both together", []string{pass, make}, []string{both}, []string{"*"}},
		{"one role only", []string{oneRole, make}, nil, []string{both, "iam:PassRole"}},
		{"administration", []string{admin}, []string{"*", both}, nil},
		{"administration but for IAM", []string{admin, noIAM}, []string{"ssm:StartSession"}, []string{"*", both, "iam:PutUserPolicy"}},
		{"a denial on a condition", []string{admin, maybe}, []string{"*", both}, nil},
		{"as the API writes it", []string{encoded}, []string{"iam:PutUserPolicy"}, []string{"*"}},
	} {
		var documents []value.Value
		for _, d := range test.documents {
			documents = append(documents, value.String(d))
		}
		got := escalationsTogether(value.List(documents...))
		if got.IsOpen() {
			t.Errorf("%s: open: %v", test.name, got.Reasons())
		}
		list := plainTexts(got)
		for _, want := range test.has {
			if !slices.Contains(list, want) {
				t.Errorf("%s: %v lacks %s", test.name, list, want)
			}
		}
		for _, want := range test.not {
			if slices.Contains(list, want) {
				t.Errorf("%s: %v has %s", test.name, list, want)
			}
		}
	}
}

func TestEscalationsOfUnreadPolicies(t *testing.T) {
	why := value.Reason{Why: "denied"}
	for name, in := range map[string]value.Value{
		"a list that may go on": value.List().Open(why),
		"an unread document":    value.List(value.Unresolved(why)),
		"a broken document":     value.List(value.String("{")),
		"a statement unread":    value.List(value.Object(map[string]value.Value{"Statement": value.List(value.Unresolved(why))})),
	} {
		if got := escalationsTogether(in); !got.IsOpen() {
			t.Errorf("%s: %v is closed", name, got.Plain())
		}
	}
	if got := escalationsTogether(value.None()); !got.IsAbsent() {
		t.Errorf("nothing became %v", got.Plain())
	}
}

func TestOwn(t *testing.T) {
	const trust = `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
		"Principal": {"AWS": ["arn:aws:iam::123456789012:root", "arn:aws:iam::210987654321:root"]}}]}`
	items, _ := Own(policy(value.String(trust)), "123456789012").AsList()
	if len(items) != 1 {
		t.Fatalf("%d statements", len(items))
	}
	for _, name := range []string{"accounts", "whole_accounts"} {
		if got := plainTexts(items[0].Field(name)); !slices.Equal(got, []string{"self", "210987654321"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := Own(value.Strings("123456789012"), "123456789012"); !slices.Equal(plainTexts(got), []string{"123456789012"}) {
		t.Errorf("a list of texts became %v", got.Plain())
	}
}

func plainTexts(v value.Value) []string {
	items, _ := v.AsList()
	var all []string
	for _, item := range items {
		s, _ := item.AsString()
		all = append(all, s)
	}
	return all
}
