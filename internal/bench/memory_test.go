package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// held runs a program and returns how much memory of its own it held at most, in MiB: what a container's limit cannot take
// back. What is resident besides are pages of the program's file.
func held(command *exec.Cmd) (own float64, err error) {
	if err := command.Start(); err != nil {
		return 0, err
	}
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	for {
		select {
		case err := <-done:
			return own, err
		case <-time.After(20 * time.Millisecond):
			own = max(own, anonymous(command.Process.Pid))
		}
	}
}

// anonymous is how much memory of its own a process has now, in MiB; 0 where the system does not tell.
func anonymous(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		var kib float64
		if n, _ := fmt.Sscanf(string(line), "RssAnon: %f", &kib); n == 1 {
			return kib / 1024
		}
	}
	return 0
}
