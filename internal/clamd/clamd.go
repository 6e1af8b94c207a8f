// Package clamd asks the daemon of ClamAV whether a file is known to be malicious, by its command INSTREAM: the bytes go through a socket, so that
// the daemon need not be able to read the file.
//
// It must not know what is scanned, nor what becomes of it.
package clamd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// How much goes at a time, how long a scan may take, and how long an answer may be.
const (
	chunk     = 64 << 10
	patience  = time.Minute
	maxAnswer = 4 << 10
)

// Daemon is where clamd listens.
type Daemon struct{ network, address string }

// Malicious is the error of a file that the daemon knows.
type Malicious struct{ Signature string }

// Error implements error.
func (m *Malicious) Error() string { return "the file is malicious: " + m.Signature }

// Parse reads "unix:/run/clamav/clamd.ctl" or "tcp:127.0.0.1:3310".
func Parse(text string) (Daemon, error) {
	network, address, _ := strings.Cut(text, ":")
	switch network {
	case "unix":
		if strings.HasPrefix(address, "/") {
			return Daemon{network, address}, nil
		}
	case "tcp":
		if host, port, err := net.SplitHostPort(address); err == nil && host != "" && port != "" {
			return Daemon{network, address}, nil
		}
	}
	return Daemon{}, fmt.Errorf("%q is neither unix:/PATH nor tcp:HOST:PORT", text)
}

// Scan sends all bytes of a file. It is a *Malicious if the daemon knows it, another error if it is not known whether it does.
func (d Daemon) Scan(ctx context.Context, file io.Reader) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	conn, err := (&net.Dialer{}).DialContext(ctx, d.network, d.address)
	if err != nil {
		return fmt.Errorf("scan a file: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	sent := send(conn, file)
	var unread *unreadable
	if errors.As(sent, &unread) { // the daemon waits for the rest
		return fmt.Errorf("scan a file: %w", sent)
	}
	answer, err := bufio.NewReader(io.LimitReader(conn, maxAnswer)).ReadString(0) // also of a daemon that wants no more of it
	if err != nil {
		return fmt.Errorf("scan a file: clamd does not answer: %w", errors.Join(sent, err))
	}
	return verdict(strings.TrimSuffix(answer, "\x00"), sent)
}

// unreadable is the error of a file that cannot be read to its end.
type unreadable struct{ error }

// Unwrap returns what is wrong with it.
func (u *unreadable) Unwrap() error { return u.error }

// send writes the command and the file, in chunks that say how long they are.
func send(conn io.Writer, file io.Reader) error {
	if _, err := io.WriteString(conn, "zINSTREAM\x00"); err != nil {
		return err
	}
	buffer := make([]byte, 4+chunk)
	for {
		n, err := io.ReadFull(file, buffer[4:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return &unreadable{err}
		}
		last := err != nil
		binary.BigEndian.PutUint32(buffer, uint32(n))
		if n > 0 {
			if _, err := conn.Write(buffer[:4+n]); err != nil {
				return err
			}
		}
		if last {
			_, err := conn.Write([]byte{0, 0, 0, 0})
			return err
		}
	}
}

// verdict reads an answer. Only one that says that all was looked at and nothing found is good.
func verdict(answer string, sent error) error {
	signature, found := strings.CutSuffix(answer, " FOUND")
	switch {
	case found:
		return &Malicious{strings.TrimPrefix(signature, "stream: ")}
	case sent != nil:
		return fmt.Errorf("scan a file: %w; clamd says: %q", sent, answer)
	case answer == "stream: OK":
		return nil
	}
	return fmt.Errorf("scan a file: clamd says: %q", answer)
}
