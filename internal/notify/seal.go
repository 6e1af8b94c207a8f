package notify

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// vault keeps the secrets of channels: sealed in the state with AES-256-GCM under a key of the server, or where file: and env: lead.
type vault struct {
	aead cipher.AEAD
	dir  string // that file: names are in
}

// KeySize is how long the key is that secrets are sealed with, in bytes.
const KeySize = 32

func newVault(key []byte, dir string) (*vault, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("open the secrets of notifications: the key holds %d bytes, want %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &vault{aead: aead, dir: dir}, nil
}

func (v *vault) seal(channel, secret string) []byte {
	return v.aead.Seal(nil, nil, []byte(secret), []byte("channel/"+channel))
}

// environment is how the variables are called that env: may name, so that no other secret of the server can be sent away.
var environment = regexp.MustCompile(`^WARD_SECRET_[A-Z0-9_]{1,100}$`)

// maxSecret is how long a secret may be, in bytes.
const maxSecret = 4096

// isReference tells whether a text leads to a secret instead of being one, and what is wrong with it.
func isReference(text string) (bool, error) {
	if name, is := strings.CutPrefix(text, "env:"); is {
		if !environment.MatchString(name) {
			return true, errors.New("env: names a variable that begins with WARD_SECRET_")
		}
		return true, nil
	}
	if name, is := strings.CutPrefix(text, "file:"); is {
		if !filepath.IsLocal(name) || len(name) > maxText {
			return true, errors.New("file: names a file within the folder of secrets of the server's settings")
		}
		return true, nil
	}
	return false, nil
}

// open returns the secret of a channel.
func (v *vault) open(c channelRow) (string, error) {
	if name, is := strings.CutPrefix(c.Secret, "env:"); is {
		secret, ok := os.LookupEnv(name)
		if !ok {
			return "", fmt.Errorf("the variable %s is not set where the server runs", name)
		}
		return secret, nil
	}
	if name, is := strings.CutPrefix(c.Secret, "file:"); is {
		return v.read(name)
	}
	if len(c.Sealed) == 0 {
		return "", nil
	}
	secret, err := v.aead.Open(nil, nil, c.Sealed, []byte("channel/"+c.ID))
	if err != nil {
		return "", errors.New("the secret was sealed with another key; write it anew, or put the key file back from a backup")
	}
	return string(secret), nil
}

func (v *vault) read(name string) (string, error) {
	if v.dir == "" {
		return "", errors.New("the server's settings name no folder of secrets (notifications.secrets_dir)")
	}
	root, err := os.OpenRoot(v.dir)
	if err != nil {
		return "", errors.New("the folder of secrets cannot be opened")
	}
	defer root.Close()
	file, err := root.Open(name)
	if err != nil {
		return "", fmt.Errorf("the file %s in the folder of secrets cannot be opened", name)
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil || len(b) > maxSecret {
		return "", fmt.Errorf("the file %s in the folder of secrets cannot be read, or is longer than %d bytes", name, maxSecret)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
