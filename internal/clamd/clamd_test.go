package clamd_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"ward.dev/ward/internal/clamd"
	"ward.dev/ward/internal/clamd/clamdtest"
)

// TestScan proves on a real clamd that a file which it knows is told with the name of the signature, that one which it does not know passes,
// however large its parts come, and that one which is larger than it takes, or cannot be read, is not taken for good.
func TestScan(t *testing.T) {
	where, _ := clamdtest.Start(t)
	d, err := clamd.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	var found *clamd.Malicious
	if err := d.Scan(ctx, strings.NewReader(clamdtest.Bad)); !errors.As(err, &found) || !strings.HasPrefix(found.Signature, "Ward.Test") {
		t.Errorf("what is known: %v", err)
	}
	for name, text := range map[string]string{"nothing": "", "text": "a policy of the clinic", "much": strings.Repeat("many words ", 80_000)} {
		if err := d.Scan(ctx, strings.NewReader(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := d.Scan(ctx, iotest.HalfReader(strings.NewReader(text))); err != nil {
			t.Errorf("%s in small parts: %v", name, err)
		}
	}
	if err := d.Scan(ctx, strings.NewReader(strings.Repeat("x", 4<<20))); err == nil || errors.As(err, &found) {
		t.Errorf("more than the daemon takes: %v", err)
	}
	if err := d.Scan(ctx, iotest.ErrReader(errors.New("gone"))); err == nil {
		t.Error("what cannot be read passes")
	}
	if err := d.Scan(ctx, strings.NewReader("after all of that")); err != nil {
		t.Error(err)
	}
}

// TestSilent proves that a daemon that is not there, does not answer or says something else is an error and never a pass, and that whoever
// waits can give up.
func TestSilent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	answers := make(chan string, 8)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if answer := <-answers; answer != "" {
					_, _ = conn.Write([]byte(answer))
				} else {
					time.Sleep(time.Minute)
				}
			}()
		}
	}()
	d, err := clamd.Parse("tcp:" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range []string{"stream: OK", "stream: maybe\x00", "UNKNOWN COMMAND\x00", "\x00", "INSTREAM size limit exceeded. ERROR\x00",
		strings.Repeat("x", 1<<20)} {
		answers <- answer
		if err := d.Scan(t.Context(), strings.NewReader("text")); err == nil {
			t.Errorf("%.40q is a pass", answer)
		}
	}
	answers <- ""
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if err := d.Scan(ctx, strings.NewReader("text")); err == nil {
		t.Error("silence is a pass")
	}
	nobody, err := clamd.Parse("unix:" + filepath.Join(t.TempDir(), "none"))
	if err != nil {
		t.Fatal(err)
	}
	if err := nobody.Scan(t.Context(), strings.NewReader("text")); err == nil {
		t.Error("nobody is a pass")
	}
	for _, text := range []string{"", "unix:relative", "tcp:3310", "http://127.0.0.1", "/run/clamd"} {
		if d, err := clamd.Parse(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}
