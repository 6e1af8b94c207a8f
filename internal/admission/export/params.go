package export

import (
	"fmt"
	"regexp"
	"strings"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/value"
)

// asksRole finds whether a rule asks for the role of a container.
var asksRole = regexp.MustCompile(`\.role\b`)

// parameters prepares the CEL of each parameter: its value, or what reads it from a ConfigMap.
func (c *compiler) parameters(params value.Value, o Options) error {
	for name, p := range c.of.Params {
		if o.ParamsIn != "" {
			c.params[name] = readParam(name, p.Type.String())
			continue
		}
		text, err := literal(params.Field(name).Plain())
		if err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
		c.params[name] = text
	}
	return nil
}

// readParam is the CEL that reads a parameter from a ConfigMap. A list stands there with one element a line.
func readParam(name, typ string) string {
	text := "params.data." + name
	lines := fmt.Sprintf(`(%[1]s == "" ? [] : (%[1]s.endsWith("\n") ? %[1]s.substring(0, size(%[1]s) - 1) : %[1]s).split("\n"))`, text)
	switch typ {
	case "list string":
		return lines
	case "list int":
		return lines + ".map(e0, int(e0))"
	case "int":
		return fmt.Sprintf("int(%s)", text)
	case "double":
		return fmt.Sprintf("double(%s)", text)
	case "bool":
		return fmt.Sprintf(`{"true": true, "false": false}[%s]`, text)
	}
	return text
}

// configMap holds the parameters of a check as readParam reads them.
func configMap(of *check.Check, params value.Value, o Options) *core.ConfigMap {
	m := &core.ConfigMap{TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: metadata(of, o), Data: map[string]string{}}
	m.Namespace = o.ParamsIn
	for name := range of.Params {
		v := params.Field(name)
		items, isList := v.AsList()
		if !isList {
			m.Data[name], _ = v.Spelled()
			continue
		}
		var b strings.Builder
		for _, item := range items {
			text, _ := item.Spelled()
			b.WriteString(text + "\n")
		}
		m.Data[name] = b.String()
	}
	return m
}
