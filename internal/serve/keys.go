package serve

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
)

const keySize = 32 // bytes

// sealingKey reads a key that seals secrets in the state, and makes it at the first start. The state keeps a mark of it: a server with another
// key could not read what is there, and what it sealed the others could not.
func sealingKey(ctx context.Context, db *state.DB, file string) ([]byte, error) {
	name := filepath.Base(file)
	var marks []string
	if err := db.NewRaw("SELECT mark FROM server_key WHERE name = ?", name).Scan(ctx, &marks); err != nil {
		return nil, fmt.Errorf("look which key the state was made with: %w", err)
	}
	key, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist) && len(marks) > 0:
		return nil, fmt.Errorf("%s is missing, and the state was made with it: copy it from another server that shares the state, or from a backup", file)
	case errors.Is(err, os.ErrNotExist):
		key, err = makeKey(file)
	case err == nil && len(key) != keySize:
		err = fmt.Errorf("read %s: it has %d bytes instead of %d; put it back from a backup", file, len(key), keySize)
	}
	if err != nil {
		return nil, err
	}
	mark := markOf(name, key)
	if len(marks) == 0 {
		if marks, err = putMark(ctx, db, name, mark); err != nil {
			return nil, fmt.Errorf("keep which key the state is made with: %w", err)
		}
	}
	if marks[0] != mark {
		return nil, fmt.Errorf("%s is not the key that the state was made with: copy it from another server that shares the state, or from a backup", file)
	}
	return key, nil
}

// markOf tells keys apart, and nothing else of them.
func markOf(name string, key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("mark of " + name))
	return hex.EncodeToString(mac.Sum(nil))
}

// putMark keeps a mark, unless another server was faster, and returns the one that is kept.
func putMark(ctx context.Context, db *state.DB, name, mark string) (kept []string, err error) {
	err = db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO server_key (name, mark) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, mark).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return kept, db.NewRaw("SELECT mark FROM server_key WHERE name = ?", name).Scan(ctx, &kept)
}

func makeKey(file string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	key := make([]byte, keySize)
	rand.Read(key) // never errs
	whole, err := os.CreateTemp(filepath.Dir(file), ".key-*")
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	defer os.Remove(whole.Name())
	_, err = whole.Write(key)
	if err = errors.Join(err, whole.Sync(), whole.Close()); err == nil {
		err = os.Link(whole.Name(), file) // which leaves a file that is there as it is
	}
	if errors.Is(err, os.ErrExist) { // another server on the folder was faster
		return os.ReadFile(file)
	}
	return key, err
}
