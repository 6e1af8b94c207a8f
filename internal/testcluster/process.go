package testcluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// process is a program that runs beside the test.
type process struct {
	name, file string // what it prints is in the file
	command    *exec.Cmd
	done       chan struct{} // closed when it has ended
	err        error         // with which it ended
}

// run starts a program that ends with this one at the latest, even if that is killed.
func run(dir, program string, arguments ...string) (*process, error) {
	p := &process{name: filepath.Base(program), done: make(chan struct{})}
	p.file = filepath.Join(dir, p.name+".log")
	out, err := os.Create(p.file)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	p.command = exec.Command(program, arguments...)
	p.command.Dir, p.command.Stdout, p.command.Stderr = dir, out, out
	p.command.SysProcAttr = endsWithParent()
	started := make(chan error)
	go func() {
		defer out.Close()
		runtime.LockOSThread() // to the kernel the parent is this thread: it has to live as long
		err := p.command.Start()
		started <- err
		if err == nil {
			p.err = p.command.Wait()
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	return p, nil
}

func (p *process) kill() {
	p.command.Process.Kill()
	<-p.done
}

// log returns the end of what the program printed.
func (p *process) log() string {
	const last = 4 << 10
	text, err := os.ReadFile(p.file)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-last):])
}
