package decode

import (
	"strings"

	"ward.dev/ward/internal/value"
)

// parameters reads the settings of a database's parameter group into a map from name to text in lower case, so that ON
// and on are one: a map, or a list of blocks with a name and a value.
func parameters(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		out := map[string]value.Value{}
		var more []value.Reason
		if v.IsOpen() {
			more = append(more, v.Reasons()...)
		}
		if blocks, ok := v.AsList(); ok {
			for _, block := range blocks {
				more = append(more, addParameter(out, block)...)
			}
		} else if _, ok := v.AsObject(); ok {
			for _, name := range v.Keys() {
				out[name] = lower(toString(v.Field(name)))
			}
		} else {
			return unreadable(v, "the parameters are neither a map nor a list")
		}
		made := from(v, value.Object(out))
		if len(more) > 0 {
			made = made.Open(distinct(more)...)
		}
		return made
	})
}

// addParameter adds one block, and returns why there may be other parameters.
func addParameter(parameters map[string]value.Value, block value.Value) []value.Reason {
	if block.IsAbsent() {
		return nil
	}
	if block.IsUnknown() {
		return block.Reasons()
	}
	name, ok := first(block, "name", "ParameterName", "parameter_key", "ParameterKey").Spelled()
	if !ok {
		return reason("the name of a parameter is not known")
	}
	set := lower(toString(first(block, "value", "ParameterValue", "parameter_value")))
	if set.IsAbsent() {
		return nil
	}
	if old, twice := parameters[name]; twice && old.Data() != set.Data() {
		set = unreadable(set, "the parameter is set twice with different values")
	}
	parameters[name] = set
	return nil
}

// tableResource makes of a table's name what Application Auto Scaling calls the table: table/NAME.
func tableResource(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		name, ok := v.AsString()
		if !ok || strings.Contains(name, "/") {
			return unreadable(v, "the name of the table is not a text")
		}
		return from(v, value.String("table/"+name))
	})
}
