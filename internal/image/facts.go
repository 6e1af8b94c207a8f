package image

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// program is what a program is asked about.
type program uint8

const (
	noProgram program = iota
	sshServer
	shell
	packageManager
	sudo
)

var programs = map[string]program{
	"sshd": sshServer, "dropbear": sshServer,
	"sh": shell, "bash": shell, "ash": shell, "dash": shell, "zsh": shell, "ksh": shell, "csh": shell, "tcsh": shell,
	"fish": shell, "busybox": shell,
	"apt": packageManager, "apt-get": packageManager, "dpkg": packageManager, "apk": packageManager, "yum": packageManager,
	"dnf": packageManager, "microdnf": packageManager, "rpm": packageManager, "zypper": packageManager, "tdnf": packageManager,
	"opkg": packageManager, "pacman": packageManager, "npm": packageManager, "yarn": packageManager, "pip": packageManager,
	"pip3": packageManager, "gem": packageManager,
	"sudo": sudo, "doas": sudo, "su": sudo,
}

var programFolders = map[string]bool{
	"bin/": true, "sbin/": true, "usr/bin/": true, "usr/sbin/": true, "usr/local/bin/": true, "usr/local/sbin/": true,
}

// programOf tells by its name what a program is.
func programOf(name string) program {
	dir, base := path.Split(name)
	if !programFolders[dir] {
		return noProgram
	}
	return programs[base]
}

// secretFile matches names of files that hold keys or logins. Certificates and public keys are none.
var secretFile = regexp.MustCompile(`(^|/)(` +
	`id_(rsa|dsa|ecdsa|ed25519)(_sk)?|\.ssh/identity|ssh_host_\w+_key|\.netrc|_netrc|\.pgpass|` +
	`\.my\.cnf|\.htpasswd|\.git-credentials|\.dockercfg|\.docker/config\.json|\.aws/credentials|\.kube/config|\.vault-token|` +
	`\.azure/(accessTokens|msal_token_cache)\.json|gcloud/(application_default_credentials\.json|credentials\.db)|` +
	`\.config/gh/hosts\.yml|\.env(\.(prod|production|local))?|\.terraform\.d/credentials\.tfrc\.json|terraform\.tfstate|` +
	`[^/]+\.(p12|pfx|jks|keystore|kdbx|ppk|key))$`)

// isSecret tells by its name whether a file is a secret. Keys that packages ship as examples are not.
func isSecret(name string) bool {
	switch {
	case strings.HasPrefix(name, "usr/share/"), strings.HasPrefix(name, "usr/lib/python"),
		strings.HasPrefix(name, "usr/local/lib/python"):
		return false
	case strings.Contains(name, "/node_modules/"), strings.Contains(name, "/site-packages/"), strings.Contains(name, "/testdata/"):
		return false
	}
	return secretFile.MatchString(name)
}

const maxListed = 100

// facts tells what checks ask about.
func (t *tree) facts(layers []Layer, regular int) Facts {
	out := Facts{Files: regular}
	lists := map[program]*[]string{
		sshServer: &out.SSHServers, shell: &out.Shells, packageManager: &out.PackageManagers, sudo: &out.Sudo,
	}
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		f := t.files[name]
		if list := lists[f.program]; list != nil {
			*list = append(*list, name)
		}
		if f.isSetuid() {
			out.Setuid = append(out.Setuid, File{name, fmt.Sprintf("%04o", f.mode), layers[f.layer].Digest})
		}
		if f.secret {
			out.Secrets = append(out.Secrets, Secret{Path: name, Layer: layers[f.layer].Digest})
		}
		if f.device {
			out.Devices = append(out.Devices, name)
		}
		if f.isWritable() {
			if out.WritableCount++; out.WritableCount <= maxListed {
				out.Writable = append(out.Writable, name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.removed)) {
		if t.files[name] == nil {
			out.Secrets = append(out.Secrets, Secret{Path: name, Layer: layers[t.removed[name].layer].Digest, Removed: true})
		}
	}
	return out
}
