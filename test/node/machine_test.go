//go:build linux

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const groupRoot = "/sys/fs/cgroup"

// groups are the control groups below which all pods of a run are: one for each hierarchy of version 1, one of version 2.
type groups []string

// makeGroups makes a group with all controllers that a kubelet wants.
func makeGroups(name string) (groups, error) {
	if _, err := os.Stat(filepath.Join(groupRoot, "cgroup.controllers")); err == nil {
		return makeUnified(name)
	}
	var all groups
	mounted, err := os.ReadDir(groupRoot)
	if err != nil {
		return nil, fmt.Errorf("find the control groups of this machine: %w", err)
	}
	for _, controller := range mounted {
		parent := filepath.Join(groupRoot, controller.Name())
		if _, err := os.Stat(filepath.Join(parent, "cgroup.procs")); err != nil || controller.Type()&fs.ModeSymlink != 0 {
			continue
		}
		group := filepath.Join(parent, name)
		all = append(all, group)
		if err := os.Mkdir(group, 0o755); err != nil {
			return all, fmt.Errorf("make a control group: %w", err)
		}
		if err := inherit(parent, group); err != nil {
			return all, err
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there are no control groups in " + groupRoot)
	}
	return all, nil
}

// inherit gives a group of cpuset the processors and memory that its parent has, without which nothing can be in it.
func inherit(parent, group string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		text, err := os.ReadFile(filepath.Join(parent, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(group, name), text, 0)
		}
		if err != nil {
			return fmt.Errorf("give a control group its %s: %w", name, err)
		}
	}
	return nil
}

// makeUnified is makeGroups of version 2, where a group has the controllers that its parent hands on.
func makeUnified(name string) (groups, error) {
	group := filepath.Join(groupRoot, name)
	available, err := os.ReadFile(filepath.Join(groupRoot, "cgroup.controllers"))
	if err != nil {
		return nil, fmt.Errorf("find the control groups of this machine: %w", err)
	}
	if err := os.Mkdir(group, 0o755); err != nil {
		return nil, fmt.Errorf("make a control group: %w", err)
	}
	for _, controller := range strings.Fields(string(available)) {
		if !slices.Contains([]string{"cpu", "cpuset", "memory", "pids", "hugetlb", "io"}, controller) {
			continue
		}
		for _, path := range []string{groupRoot, group} {
			if err := os.WriteFile(filepath.Join(path, "cgroup.subtree_control"), []byte("+"+controller), 0); err != nil {
				return groups{group}, fmt.Errorf("hand the controller %s on: %w", controller, err)
			}
		}
	}
	return groups{group}, nil
}

// groupsOf finds those of a run.
func groupsOf(name string) groups {
	found, _ := filepath.Glob(filepath.Join(groupRoot, "*", name))
	if unified := filepath.Join(groupRoot, name); len(found) == 0 {
		found = append(found, unified)
	}
	return found
}

// remove takes the groups away, the innermost first. Their processes have ended, but the kernel may need a moment to see it.
func (g groups) remove() {
	for _, group := range g {
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if err := removeGroup(group); err == nil || errors.Is(err, fs.ErrNotExist) {
				break
			} else if time.Now().After(deadline) {
				fmt.Println("a control group is left:", err)
				break
			}
		}
	}
}

func removeGroup(group string) error {
	below, err := os.ReadDir(group)
	if err != nil {
		return err
	}
	for _, entry := range below {
		if entry.IsDir() {
			if err := removeGroup(filepath.Join(group, entry.Name())); err != nil {
				return err
			}
		}
	}
	return syscall.Rmdir(group)
}

// settings of the kernel that a kubelet changes, with what they were.
type settings map[string][]byte

func keepSettings() settings {
	kept := settings{}
	for _, name := range []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
		"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"} {
		path := filepath.Join("/proc/sys", name)
		if text, err := os.ReadFile(path); err == nil {
			kept[path] = text
		}
	}
	return kept
}

func (s settings) restore() {
	for path, text := range s {
		if now, err := os.ReadFile(path); err == nil && string(now) == string(text) {
			continue
		}
		if err := os.WriteFile(path, text, 0); err != nil {
			fmt.Printf("%s is not as it was: %v\n", path, err)
		}
	}
}
