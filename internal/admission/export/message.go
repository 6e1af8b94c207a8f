package export

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/ast"
)

// maxFix bounds the guidance in a message, in bytes: warnings are cut where they are long.
const maxFix = 120

// message is what the API server says of an object that breaks the policy: what is wanted, by which citations, which check it is and
// what to do. naming is CEL that names those containers, volumes and the like that break it, too; "" if the check is not about one
// list alone.
func (c *compiler) message(citations []string) (message, naming string, err error) {
	message = strings.TrimSuffix(c.of.Title, ".")
	if len(citations) > 0 {
		message += " (45 CFR " + strings.Join(citations, ", ") + ")"
	}
	message += ". Check " + c.of.ID + "."
	if fix := strings.TrimSpace(c.of.Fix.Kubernetes); fix != "" && len(fix) <= maxFix && !strings.Contains(fix, "\n") {
		message += " To do: " + fix
	}
	list, err := c.offenders()
	if err != nil || list == "" {
		return message, "", err
	}
	naming, err = tidy(fmt.Sprintf(`%s + " Here: " + %s.join(", ") + "."`, quote(message), list))
	return message, naming, err
}

// offenders is the CEL of the names of those elements that break a rule of the form self.list.all(x, P).
func (c *compiler) offenders() (string, error) {
	parsed, err := parse(c.of.Require)
	if err != nil {
		return "", err
	}
	e := parsed.Expr()
	if e.Kind() != ast.CallKind || !e.AsCall().IsMemberFunction() || e.AsCall().FunctionName() != "all" {
		return "", nil
	}
	call := e.AsCall()
	list, err := c.translate(call.Target(), scope{})
	if err != nil || list.form != items || list.attribute.Field("name") == nil {
		return "", err
	}
	bound := call.Args()[0].AsIdent()
	row := c.rowOf(list, bound)
	name, err := c.attribute(list.attribute.Field("name"), row)
	if err != nil {
		return "", err
	}
	t, err := c.translate(call.Args()[1], scope{bound: {form: item, attribute: list.attribute, row: row}})
	if err != nil {
		return "", err
	}
	breaks, err := t.plain()
	if err != nil {
		return "", err
	}
	text, err := list.read()
	return fmt.Sprintf("%s.filter(%s, !(%s)).map(%s, %s)", text, bound, breaks, bound, name.maybe()+`.orValue("?")`), err
}
