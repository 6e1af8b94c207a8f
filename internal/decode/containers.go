package decode

import (
	"ward.dev/ward/internal/value"
)

func containerFields() []Field {
	return []Field{
		{Name: "name", Type: "string", Doc: "The container's name."},
		{Name: "image", Type: "string", Doc: "The image that it runs."},
		{Name: "privileged", Type: "bool", Doc: "It has all rights on its host; absent if not set."},
		{Name: "readonly_root", Type: "bool", Doc: "Its root file system cannot be written; absent if not set."},
		{Name: "user", Type: "string", Doc: "The user that it runs as; absent if the image says."},
		{Name: "log_driver", Type: "string", Doc: "Where its logs go; absent without log configuration."},
		{Name: "secrets_in_environment", Type: "list string", Doc: "Names of variables that hold a secret in clear."},
		{Name: "memory", Type: "int", Doc: "Its hard limit of memory in MiB; absent if not set."},
		{Name: "cpu", Type: "int", Doc: "Its share of CPU in units of 1/1024; absent if not set."},
		{Name: "linux_added_capabilities", Type: "list string", Doc: "Linux capabilities that it adds; absent if none."},
	}
}

// containers reads the container definitions of a task: a JSON text, as Terraform has it, or CloudFormation's list.
func containers(v value.Value) value.Value {
	tree := document(v, "container_definitions")
	return objects(tree, "container definition", container)
}

func container(v value.Value) value.Value {
	secrets := secretNames(member(v, "environment"))
	if secrets.IsAbsent() {
		secrets = from(v, value.List())
	}
	capabilities := member(block(member(block(member(v, "linuxParameters")), "capabilities")), "add")
	return from(v, value.Object(map[string]value.Value{
		"name":                     toString(member(v, "name")),
		"image":                    toString(member(v, "image")),
		"privileged":               toBool(member(v, "privileged")),
		"readonly_root":            toBool(member(v, "readonlyRootFilesystem")),
		"user":                     toString(member(v, "user")),
		"log_driver":               toString(member(block(member(v, "logConfiguration")), "logDriver")),
		"secrets_in_environment":   secrets,
		"memory":                   toInt(member(v, "memory")),
		"cpu":                      toInt(member(v, "cpu")),
		"linux_added_capabilities": toStrings(capabilities),
	}))
}
