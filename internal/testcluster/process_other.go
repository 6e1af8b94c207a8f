//go:build !linux

package testcluster

import "syscall"

// endsWithParent asks nothing: only Linux can be asked to. Elsewhere a test that is killed leaves its programs behind.
func endsWithParent() *syscall.SysProcAttr { return nil }
