package decode

import (
	"maps"
	"slices"
	"strings"

	"ward.dev/ward/internal/value"
)

// selectorAll tells of a network policy whether it binds all pods of its namespace: its selector is empty or not there.
func selectorAll(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		selector := v.Field("spec").Field("podSelector")
		return from(selector, emptySelector(selector))
	})
}

// emptySelector tells whether a label selector asks for nothing.
func emptySelector(selector value.Value) value.Value {
	if selector.IsUnknown() {
		return hidden(selector)
	}
	for _, name := range []string{"matchLabels", "matchExpressions"} {
		asked := selector.Field(name)
		items, _ := asked.AsList()
		switch {
		case len(asked.Keys())+len(items) > 0:
			return value.Bool(false)
		case asked.IsUnknown() || asked.IsOpen():
			return hidden(value.Unresolved(asked.Reasons()...))
		}
	}
	if selector.IsOpen() {
		return value.Unresolved(selector.Reasons()...)
	}
	return value.Bool(true)
}

// peersAll tells of a rule of a network policy whether it names nobody, which means everyone.
func peersAll(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		for _, name := range []string{"from", "to"} {
			peers := v.Field(name)
			items, _ := peers.AsList()
			switch {
			case len(items) > 0:
				return from(v, value.Bool(false))
			case peers.IsUnknown() || peers.IsOpen():
				return hidden(value.Unresolved(peers.Reasons()...))
			}
		}
		return from(v, value.Bool(true))
	})
}

// peersWorld tells of a rule of a network policy whether it means everyone or all addresses.
func peersWorld(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		everyone := peersAll(v)
		if all, ok := everyone.AsBool(); all || !ok {
			return everyone
		}
		var unknown []value.Reason
		for _, name := range []string{"from", "to"} {
			peers := v.Field(name)
			items, _ := peers.AsList()
			for _, peer := range items {
				cidr := peer.Field("ipBlock").Field("cidr")
				switch text, ok := cidr.AsString(); {
				case ok && (strings.HasSuffix(text, "/0")):
					return from(cidr, value.Bool(true))
				case cidr.IsUnknown():
					unknown = append(unknown, cidr.Reasons()...)
				}
			}
			if peers.IsOpen() {
				unknown = append(unknown, peers.Reasons()...)
			}
		}
		if len(unknown) > 0 {
			return from(v, value.Unresolved(distinct(unknown)...))
		}
		return from(v, value.Bool(false))
	})
}

// ingressAny tells of an ingress whether it answers for any name.
func ingressAny(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		spec := v.Field("spec")
		rules := spec.Field("rules")
		if behind := first(spec, "defaultBackend", "backend"); behind.IsKnown() {
			return from(behind, value.Bool(true))
		}
		items, _ := rules.AsList()
		var unknown []value.Reason
		for _, rule := range items {
			host := rule.Field("host")
			switch text, _ := host.AsString(); {
			case host.IsUnknown():
				unknown = append(unknown, host.Reasons()...)
			case text == "" || text == "*":
				return from(rule, value.Bool(true))
			}
		}
		if rules.IsUnknown() || rules.IsOpen() {
			unknown = append(unknown, rules.Reasons()...)
		}
		if len(unknown) > 0 {
			return from(v, value.Unresolved(distinct(unknown)...))
		}
		return from(v, value.Bool(false))
	})
}

// encrypts are provisioners whose volumes are always encrypted, as their providers say: Google's and Azure's disks and files,
// Amazon's FSx, and the block volumes of DigitalOcean and Oracle.
var encrypts = map[string]bool{"pd.csi.storage.gke.io": true, "filestore.csi.storage.gke.io": true, "kubernetes.io/gce-pd": true,
	"disk.csi.azure.com": true, "kubernetes.io/azure-disk": true, "file.csi.azure.com": true, "kubernetes.io/azure-file": true,
	"blob.csi.azure.com": true, "fsx.csi.aws.com": true,
	"dobs.csi.digitalocean.com": true, "blockvolume.csi.oraclecloud.com": true}

// encryptedBy are the names under which provisioners are told to encrypt: those of Amazon, Alibaba, Ceph, Longhorn and others;
// Portworx; Linode.
var encryptedBy = []string{"encrypted", "secure", "linodebs.csi.linode.com/encrypted"}

// StorageEncryption returns what the decoder storage.encrypted goes by: the provisioners whose volumes are always encrypted, sorted,
// and the parameters by which others are told to encrypt, of which the first that is set counts.
func StorageEncryption() (always, told []string) {
	return slices.Sorted(maps.Keys(encrypts)), slices.Clone(encryptedBy)
}

// storageEncrypted tells of a storage class whether its volumes are encrypted; absent if it does not say.
func storageEncrypted(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		told := first(v.Field("parameters"), encryptedBy...)
		switch text, _ := told.Spelled(); {
		case told.IsUnknown():
			return hidden(told)
		case strings.EqualFold(text, "true"):
			return from(told, value.Bool(true))
		case text != "":
			return from(told, value.Bool(false))
		}
		provisioner := v.Field("provisioner")
		if provisioner.IsUnknown() {
			return hidden(provisioner)
		}
		if name, _ := provisioner.AsString(); encrypts[name] {
			return from(provisioner, value.Bool(true))
		}
		return from(v, value.None())
	})
}

// secretWritten tells of a Secret whether a value stands in it that is not empty.
func secretWritten(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		var unknown []value.Reason
		for _, name := range []string{"data", "stringData"} {
			held := v.Field(name)
			if held.IsUnknown() || held.IsOpen() {
				unknown = append(unknown, held.Reasons()...)
			}
			for _, key := range held.Keys() {
				content := held.Field(key)
				if text, _ := content.Spelled(); content.IsKnown() && text != "" {
					return from(content, value.Bool(true))
				} else if _, made := content.ExactRef(); content.IsUnknown() && !made { // what another resource makes is not written here
					unknown = append(unknown, content.Reasons()...)
				}
			}
		}
		if len(unknown) > 0 {
			return from(v, value.Unresolved(distinct(unknown)...))
		}
		return from(v, value.Bool(false))
	})
}

// encryptionClear tells of a rule of an encryption configuration whether its first provider, which is the one that writes, is
// identity.
func encryptionClear(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		providers := v.Field("providers")
		items, _ := providers.AsList()
		if len(items) == 0 || items[0].IsUnknown() {
			return from(v, value.Unresolved(value.Reason{Why: "its providers are not known"}))
		}
		_, clear := items[0].AsObject()
		for _, key := range items[0].Keys() {
			clear = clear && key == "identity"
		}
		return from(items[0], value.Bool(clear))
	})
}

// auditAny tells of a rule of an audit policy whether it names neither kinds of objects nor paths.
func auditAny(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		for _, name := range []string{"resources", "nonResourceURLs"} {
			named := v.Field(name)
			items, _ := named.AsList()
			switch {
			case len(items) > 0:
				return from(named, value.Bool(false))
			case named.IsUnknown() || named.IsOpen():
				return hidden(value.Unresolved(named.Reasons()...))
			}
		}
		return from(v, value.Bool(true))
	})
}

// auditResources lists what a rule of an audit policy is about: "secrets" or "pods/exec" of the core, "apps:deployments" of another
// group, and "*" where all of the core is meant.
func auditResources(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		groups, isList := v.AsList()
		if !isList {
			return unreadable(v, "the resources of a rule are not a list")
		}
		var all []value.Value
		var more []value.Reason
		if v.IsOpen() {
			more = v.Reasons()
		}
		for _, group := range groups {
			name, named := group.Field("group"), group.Field("resources")
			if name.IsUnknown() || named.IsUnknown() || named.IsOpen() || group.Field("resourceNames").IsUnknown() {
				more = append(append(append(more, name.Reasons()...), named.Reasons()...), group.Field("resourceNames").Reasons()...)
				continue
			}
			prefix := ""
			if text, _ := name.AsString(); text != "" {
				prefix = text + ":"
			}
			if names, _ := group.Field("resourceNames").AsList(); len(names) > 0 {
				prefix = "some " + prefix // single objects only
			}
			kinds, _ := named.AsList()
			if len(kinds) == 0 {
				all = append(all, from(group, value.String(prefix+"*")))
			}
			for _, kind := range kinds {
				text, ok := kind.AsString()
				if !ok {
					more = append(more, kind.Reasons()...)
					continue
				}
				all = append(all, from(kind, value.String(prefix+text)))
			}
		}
		return listOf(v, all, distinct(more))
	})
}
