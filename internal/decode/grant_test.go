package decode

import "testing"

// A permission given by a block of its own is judged like the statement that it becomes.
func TestGrants(t *testing.T) {
	bucket := obj{"principal": "s3.amazonaws.com", "action": "lambda:InvokeFunction", "source_arn": "arn:aws:s3:::charts"}
	cases := []struct {
		why    string
		raw    any
		public any
	}{
		{"a service", list{bucket}, list{false}},
		{"everyone", list{obj{"principal": "*", "action": "lambda:InvokeFunction"}}, list{true}},
		{"everyone in a template", list{obj{"Principal": "*", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}}, list{true}},
		{"everyone of an account", list{obj{"principal": "*", "source_account": "111122223333"}}, list{false}},
		{"everyone from any bucket", list{obj{"principal": "*", "source_arn": "arn:aws:s3:::*"}}, list{true}},
		{"everyone of an organization", list{obj{"Principal": "*", "PrincipalOrgID": "o-abcdefghij"}}, list{false}},
		{"everyone of a bus's organization", list{obj{"principal": "*", "condition": list{
			obj{"key": "aws:PrincipalOrgID", "type": "StringEquals", "value": "o-abcdefghij"}}}}, list{false}},
		{"another condition of a bus", obj{"Principal": "*", "Condition": obj{"Key": "aws:x", "Type": "StringEquals", "Value": "y"}}, list{"?"}},
		{"an unknown principal", list{obj{"principal": unknown(), "action": "a:b"}}, list{"?"}},
		{"everyone, unless a limit is known", list{obj{"principal": "*", "source_account": unknown()}}, list{"?"}},
		{"an account", obj{"Principal": "111122223333"}, list{false}},
		{"a statement", list{obj{"Statement": obj{"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}}}, list{true}},
		{"a document beside a permission", list{`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"}]}`, bucket}, list{true, false}},
		{"one more that is unknown", list{bucket, unknown()}, list{false, "..."}},
		{"nothing", nil, nil},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			made, _ := plainly(grants(tree(t, c.raw))).([]any)
			var got any
			if made != nil {
				public := list{}
				for _, m := range made {
					if statement, ok := m.(map[string]any); ok {
						public = append(public, statement["public"])
						continue
					}
					public = append(public, m)
				}
				got = public
			}
			want, _ := c.public.([]any)
			if gotList, _ := got.([]any); !sameList(gotList, want) {
				t.Errorf("got %v, want %v", got, c.public)
			}
		})
	}
}

func sameList(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
