package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Statement is one of a policy.
type Statement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource []string
}

// Policy is a document of IAM.
type Policy struct {
	Version   string
	Statement []Statement
}

// longest is how long a managed policy may be, white space left out (IAM quotas).
const longest = 6144

// Policies makes statements of one service each, so that a reader finds what they look for, and as many documents as they
// need. Where the roles of an organization are assumed, that is one more statement.
func Policies(actions []string, role string) []Policy {
	var statements []Statement
	for _, action := range actions {
		service, _, _ := strings.Cut(action, ":")
		sid := "Read" + strings.ToUpper(service[:1]) + strings.ReplaceAll(service[1:], "-", "")
		resources := Resources(action)
		if len(resources) > 1 || resources[0] != "*" {
			sid += "OfSome"
		}
		at := slices.IndexFunc(statements, func(st Statement) bool { return st.Sid == sid })
		if at < 0 {
			at = len(statements)
			statements = append(statements, Statement{Sid: sid, Effect: "Allow", Resource: resources})
		}
		statements[at].Action = append(statements[at].Action, action)
	}
	if role != "" {
		statements = append(statements, Statement{"EnterAccounts", "Allow", []string{"sts:AssumeRole"}, []string{"arn:aws:iam::*:role/" + role}})
	}
	documents := []Policy{{Version: "2012-10-17"}}
	for _, st := range statements {
		last := &documents[len(documents)-1]
		if longer := append(slices.Clip(last.Statement), st); len(last.Statement) > 0 && length(longer) > longest {
			documents = append(documents, Policy{"2012-10-17", []Statement{st}})
		} else {
			last.Statement = longer
		}
	}
	return documents
}

func length(statements []Statement) int {
	text, _ := json.Marshal(Policy{"2012-10-17", statements}) // texts alone always marshal
	return len(text)
}

// TerraformPolicies writes documents in the language of Terraform.
func TerraformPolicies(documents []Policy) string {
	var out strings.Builder
	for i, document := range documents {
		name := "ward_read"
		if len(documents) > 1 {
			name = fmt.Sprintf("ward_read_%d", i+1)
		}
		fmt.Fprintf(&out, "data \"aws_iam_policy_document\" %q {\n", name)
		for _, st := range document.Statement {
			fmt.Fprintf(&out, "  statement {\n    sid       = %q\n    effect    = %q\n    resources = [%s]\n    actions = [\n", st.Sid, st.Effect, quoted(st.Resource))
			for _, action := range st.Action {
				fmt.Fprintf(&out, "      %q,\n", action)
			}
			out.WriteString("    ]\n  }\n")
		}
		fmt.Fprintf(&out, "}\n\nresource \"aws_iam_policy\" %q {\n  name   = %q\n  policy = data.aws_iam_policy_document.%s.json\n}\n\n",
			name, strings.ReplaceAll(name, "_", "-"), name)
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

func quoted(texts []string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = fmt.Sprintf("%q", text)
	}
	return strings.Join(all, ", ")
}
