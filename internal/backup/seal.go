package backup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// Seal says how a backup is encrypted (age-encryption.org/v1). The zero Seal does not encrypt.
type Seal struct {
	// Passphrase encrypts so that whoever knows it can open the backup.
	Passphrase string
	// Recipients are public keys, "age1...": the server can write backups that it cannot read itself.
	Recipients []string
}

// String tells how, for the record.
func (s Seal) String() string {
	switch {
	case s.Passphrase != "":
		return "passphrase"
	case len(s.Recipients) > 0:
		return "recipients"
	}
	return "no"
}

// writer compresses, and then encrypts.
func (s Seal) writer(w io.Writer) (io.WriteCloser, error) {
	var recipients []age.Recipient
	if s.Passphrase != "" {
		if len(s.Recipients) > 0 {
			return nil, errors.New("encrypt with a passphrase or for recipients, not both")
		}
		r, err := age.NewScryptRecipient(s.Passphrase)
		if err != nil {
			return nil, fmt.Errorf("the passphrase: %w", err)
		}
		recipients = append(recipients, r)
	}
	if len(s.Recipients) > 0 {
		parsed, err := age.ParseRecipients(strings.NewReader(strings.Join(s.Recipients, "\n")))
		if err != nil {
			return nil, fmt.Errorf("the recipients: %w", err)
		}
		recipients = parsed
	}
	layers := &layers{}
	if len(recipients) > 0 {
		sealed, err := age.Encrypt(w, recipients...)
		if err != nil {
			return nil, fmt.Errorf("encrypt: %w", err)
		}
		w, layers.below = sealed, sealed
	}
	packed, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	layers.WriteCloser = packed
	return layers, err
}

// layers closes what is above before what is below.
type layers struct {
	io.WriteCloser
	below io.Closer // nil without encryption
}

func (l *layers) Close() error {
	err := l.WriteCloser.Close()
	if l.below != nil {
		err = errors.Join(err, l.below.Close())
	}
	return err
}

// Key opens a backup that is encrypted.
type Key struct {
	Passphrase string
	// Identities are private keys, as age-keygen writes them.
	Identities string
}

// ErrSealed is the error of opening an encrypted backup without a key.
var ErrSealed = errors.New("the backup is encrypted: give its passphrase, or the private key of a recipient")

const ageMagic = "age-encryption.org/"

// open decrypts, and then decompresses.
func (k Key) open(r io.Reader) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if start, _ := in.Peek(len(ageMagic)); string(start) == ageMagic {
		var identities []age.Identity
		if k.Passphrase != "" {
			i, err := age.NewScryptIdentity(k.Passphrase)
			if err != nil {
				return nil, fmt.Errorf("the passphrase: %w", err)
			}
			identities = append(identities, i)
		}
		if k.Identities != "" {
			parsed, err := age.ParseIdentities(strings.NewReader(k.Identities))
			if err != nil {
				return nil, errors.New("the private key is none that age-keygen writes")
			}
			identities = append(identities, parsed...)
		}
		if len(identities) == 0 {
			return nil, ErrSealed
		}
		plain, err := age.Decrypt(in, identities...)
		if err != nil {
			return nil, fmt.Errorf("decrypt the backup: %w", err)
		}
		in = bufio.NewReaderSize(plain, 1<<16)
	}
	unpacked, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	return unpacked.IOReadCloser(), nil
}
