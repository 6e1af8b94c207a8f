package delivery

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// webhook sends the message as JSON, signed as the Standard Webhooks specification says, with the id of the message so that a receiver
// can drop a second delivery.
func (p *Post) webhook(ctx context.Context, c Channel, secret string, m Message) error {
	key, err := signingKey(secret)
	if err != nil {
		return final("%v", err)
	}
	now := p.now().UTC()
	body, err := json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      Message   `json:"data"`
	}{"ward.notification." + string(m.Sort), now, m})
	if err != nil {
		return final("the message cannot be written")
	}
	at := strconv.FormatInt(now.Unix(), 10)
	return p.raw(ctx, http.MethodPost, c.URL, body, http.Header{
		"Webhook-Id": {m.ID}, "Webhook-Timestamp": {at}, "Webhook-Signature": {"v1," + sign(key, m.ID, at, body)},
	}, nil)
}

func sign(key []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, at)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signingKey reads a key as the specification writes it: "whsec_" and 24 to 64 bytes in base64.
func signingKey(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("the signing key is whsec_ and 24 to 64 random bytes in base64")
	}
	return key, nil
}
