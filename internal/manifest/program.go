package manifest

import (
	"maps"
	"slices"
	"strings"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Programs of a control plane by their names, and the types of the blocks that are made of them.
var programs = map[string]string{"kube-apiserver": "APIServer", "kube-controller-manager": "ControllerManager",
	"kube-scheduler": "Scheduler", "etcd": "Etcd"}

// ComponentTypes are the types of the blocks that Components makes, sorted.
func ComponentTypes() []string { return slices.Sorted(maps.Values(programs)) }

// Components returns a block for each part of a control plane that an object starts, so that files and running clusters say the
// same of them: of a Pod, the programs that it runs; of kubeadm's configurations, what kubeadm makes of them. Their types are
// "APIServer", "ControllerManager", "Scheduler" and "Etcd", their bodies those of Programs.
func Components(b resource.Block) []resource.Block {
	var found map[string]value.Value
	switch b.Type {
	case "Pod":
		found = programsOf(b.Body) // which Block has scrubbed
	default:
		found = kubeadm(b)
	}
	var all []resource.Block
	for _, typ := range slices.Sorted(maps.Keys(found)) {
		one := b
		one.Type, one.Body, one.Owner = typ, found[typ], ""
		if o := one.Body.Origin(); o != nil {
			one.Origin = o
		}
		from := called(b.Type)
		if at := strings.LastIndex(b.Address, from+"/"); at >= 0 {
			one.Address = b.Address[:at] + typ + b.Address[at+len(from):]
		} else { // of what Terraform declares
			one.Address = b.Address + "/" + typ
		}
		all = append(all, one)
	}
	return all
}

// Programs are the parts of a control plane that a pod runs, by the types of their blocks. Each has
//
//	pod, node, image    where it runs, and as what
//	flags               its command line, by the names of the flags: "audit-log-path"; a list where a flag is given several times.
//	                    A flag that is not given is absent, and its default holds
//
// A program that a script or the image itself starts counts in kube-system only, where it is likely what its name says.
func Programs(pod value.Value) map[string]value.Value {
	return programsOf(Scrub("Pod", pod))
}

func programsOf(pod value.Value) map[string]value.Value {
	all := map[string]value.Value{}
	namespace, _ := pod.Field("metadata").Field("namespace").AsString()
	containers, _ := pod.Field("spec").Field("containers").AsList()
	for _, c := range containers {
		program, arguments, plain := commandLine(c)
		if programs[program] == "" || !plain && namespace != "kube-system" {
			continue
		}
		flags := flagsOf(arguments)
		if program == "etcd" {
			flags = etcdFlags(flags, c)
		}
		if !plain {
			flags = flags.Open(value.Reason{Why: "its command line is not just that of " + program})
		}
		all[programs[program]] = value.Object(map[string]value.Value{"pod": pod.Field("metadata").Field("name"),
			"node": pod.Field("spec").Field("nodeName"), "image": c.Field("image"), "flags": flags.At(c.Origin())}).At(c.Origin())
	}
	return all
}

// commandLine returns the program of a control plane that a container runs, with its arguments. plain is false if something
// else, such as a shell, starts it, so that there may be other arguments.
func commandLine(container value.Value) (program string, arguments []value.Value, plain bool) {
	words, _ := container.Field("command").AsList()
	more, _ := container.Field("args").AsList()
	words = append(slices.Clone(words), more...)
	for i, word := range words {
		text, _ := word.AsString()
		name := text[strings.LastIndexByte(text, '/')+1:]
		if programs[name] != "" {
			return name, words[i+1:], i == 0
		}
	}
	for _, word := range words { // in a script
		text, _ := word.AsString()
		for _, piece := range strings.Fields(text) {
			if name := piece[strings.LastIndexByte(piece, '/')+1:]; programs[name] != "" {
				return name, nil, false
			}
		}
	}
	if name, _ := container.Field("name").AsString(); programs[name] != "" { // the image's own command
		return name, words, false
	}
	return "", nil, false
}

// flagsOf reads a command line as Go's programs do: --name=value, --name value, or --name of what is on or off.
func flagsOf(arguments []value.Value) value.Value {
	flags := map[string]value.Value{}
	var odd *value.Reason
	for i := 0; i < len(arguments); i++ {
		text, ok := arguments[i].AsString()
		name, content, said := strings.Cut(strings.TrimLeft(text, "-"), "=")
		if !ok || !strings.HasPrefix(text, "-") || name == "" {
			odd = &value.Reason{Why: "its command line holds something that is no flag"}
			continue
		}
		made := value.String(content).At(arguments[i].Origin())
		if next := i + 1; !said {
			made = value.String("true").At(arguments[i].Origin())
			if next < len(arguments) {
				if following, ok := arguments[next].AsString(); ok && !strings.HasPrefix(following, "-") {
					made, i = arguments[next], next
				}
			}
		}
		if text, _ := made.AsString(); strings.Contains(text, "$(") {
			made = value.Unresolved(value.Reason{Why: "a variable of the container's environment stands in --" + name}).At(made.Origin())
		}
		add(flags, name, made)
	}
	v := value.Object(flags)
	if odd != nil {
		v = v.Open(*odd)
	}
	return v
}

// add sets a flag, or makes a list of one that is given several times.
func add(flags map[string]value.Value, name string, one value.Value) {
	before, given := flags[name]
	items, isList := before.AsList()
	switch {
	case !given:
		flags[name] = one
	case before.IsUnknown() || one.IsUnknown():
		flags[name] = value.Unresolved(append(before.Reasons(), one.Reasons()...)...).At(one.Origin())
	case isList:
		flags[name] = value.List(append(slices.Clone(items), one)...).At(one.Origin())
	default:
		flags[name] = value.List(before, one).At(one.Origin())
	}
}

// etcdFlags adds what etcd is told by its environment (ETCD_CLIENT_CERT_AUTH for --client-cert-auth), which flags precede. All is
// unknown if it is told by a file, since then it takes nothing else.
func etcdFlags(flags, container value.Value) value.Value {
	all, _ := flags.AsObject()
	all = maps.Clone(all)
	environment, _ := container.Field("env").AsList()
	for _, variable := range environment {
		name, _ := variable.Field("name").AsString()
		name, ours := strings.CutPrefix(name, "ETCD_")
		name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
		if _, said := all[name]; !ours || said {
			continue
		}
		all[name] = variable.Field("value")
		if variable.Field("valueFrom").IsKnown() {
			all[name] = value.Unresolved(value.Reason{Why: "it is read from elsewhere when etcd starts"}).At(variable.Origin())
		}
	}
	if sources, _ := container.Field("envFrom").AsList(); len(sources) > 0 {
		flags = flags.Open(value.Reason{Why: "its environment is read from elsewhere"})
	}
	if all["config-file"].IsKnown() {
		return value.Unresolved(value.Reason{Why: "etcd reads its settings from a file on its node"}).At(container.Origin())
	}
	made := value.Object(all).At(container.Origin())
	if flags.IsOpen() {
		made = made.Open(flags.Reasons()...)
	}
	return made
}
