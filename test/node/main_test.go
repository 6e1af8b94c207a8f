//go:build linux

// Package node tests Ward on a real node: the kubelet, kube-controller-manager and kube-scheduler of the same Kubernetes as in
// testcluster, with Debian's containerd and runc. Containers really run here, and really end.
//
// It needs root, Linux and what `make test-node` fetches, and is skipped without WARD_NODE. The node runs in mount, process and
// network namespaces of its own: whatever happens to the test, its processes, mounts and bridges go with the namespaces. What these
// do not hold, control groups and a few settings of the kernel, the process outside of them puts back.
package node

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// inside is set to the folder of the run in the process that is in the namespaces.
const inside = "WARD_NODE_INSIDE"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv("WARD_NODE") == "":
		fmt.Println("skipped: make test-node runs this")
	case os.Getuid() != 0:
		fmt.Println("a node needs root: run make test-node as root")
		os.Exit(1)
	case os.Getenv(inside) == "":
		os.Exit(confine())
	default:
		if err := settle(os.Getenv(inside)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
}

// confine runs the tests in namespaces, and clears up after them.
func confine() int {
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // the process inside ends by them, and this one clears up
	sweep()
	dir, err := os.MkdirTemp("", folders)
	if err != nil {
		fmt.Println("make the folder of a node:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	held, free := hold(dir)
	if !free {
		fmt.Println("the folder of a node is in use already:", dir)
		return 1
	}
	defer held.Close()
	temporary := filepath.Join(dir, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		fmt.Println("make the folder of a node:", err)
		return 1
	}
	kept := keepSettings()
	defer kept.restore()
	groups, err := makeGroups(filepath.Base(dir))
	defer groups.remove()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	runtime.LockOSThread() // to the kernel the parent is this thread
	command := exec.Command("/proc/self/exe", os.Args[1:]...)
	command.Env = append(os.Environ(), inside+"="+dir, "TMPDIR="+temporary)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL,
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC}
	if err := command.Run(); err != nil {
		fmt.Println("the node's tests:", err)
		return 1
	}
	return 0
}

// folders is how those of runs are called, and their control groups.
const folders = "ward-node-"

// sweep takes away what runs left that were killed.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), folders+"*"))
	for _, dir := range left {
		if held, free := hold(dir); free {
			groupsOf(filepath.Base(dir)).remove()
			os.RemoveAll(dir)
			held.Close()
		}
	}
}

// hold takes a folder for this process, as long as it lives.
func hold(dir string) (held *os.File, free bool) {
	held, err := os.Open(dir)
	if err != nil {
		return nil, false
	}
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		held.Close()
		return nil, false
	}
	return held, true
}

// settle prepares the namespaces: folders that the programs of a node insist on are in the folder of the run, processes are those
// of the namespace, and it has a loopback.
func settle(dir string) error {
	const private = syscall.MS_REC | syscall.MS_PRIVATE
	if err := syscall.Mount("", "/", "", private, ""); err != nil {
		return fmt.Errorf("part from the machine's mounts: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	for _, path := range []string{"/var/lib", "/var/log", "/run"} {
		own := filepath.Join(dir, path)
		if err := os.MkdirAll(own, 0o755); err != nil {
			return fmt.Errorf("make a folder in place of %s: %w", path, err)
		}
		if err := syscall.Mount(own, path, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("put a folder in place of %s: %w", path, err)
		}
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("ip link set lo up: %w: %s", err, out)
	}
	return nil
}
