package evidence

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// MaxLink is how long a link may last.
const MaxLink = 30 * 24 * time.Hour

// Link lets somebody without an account take one bundle away, until it ends.
type Link struct {
	bun.BaseModel `bun:"table:evidence_link"`

	ID     string `bun:",pk"`
	Secret string // the SHA-256 of the token, which is kept nowhere
	Bundle string // its digest
	Made   int64  // state.Millis
	Ends   int64  // state.Millis
	Maker  string // the id of the account
	Used   int64  // how often the bundle was taken away
}

// Until is when the link ends.
func (l Link) Until() time.Time { return state.Time(l.Ends) }

// Since is when the link was made.
func (l Link) Since() time.Time { return state.Time(l.Made) }

// ErrNoLink is the error of a link that has ended, was taken back or never was: which of these is not told.
var ErrNoLink = errors.New("the link has ended, or there never was one")

// Share makes a link to a bundle and returns its token, which is shown once.
func (a *Archive) Share(ctx context.Context, k *record.Keeper, b Bundle, lasting time.Duration) (string, Link, error) {
	if lasting <= 0 || lasting > MaxLink {
		return "", Link{}, fmt.Errorf("share the evidence: a link lasts up to %d days", MaxLink/(24*time.Hour))
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // which never errs
	token, now := base64.RawURLEncoding.EncodeToString(raw), a.now()
	l := Link{ID: state.NewID(), Secret: hashed(token), Bundle: b.Digest, Made: state.Millis(now),
		Ends: state.Millis(now.Add(lasting)), Maker: access.From(ctx).ID}
	e := record.Entry{Kind: record.Evidence, Verb: "share", Estate: b.Estate, Subject: "bundle/" + b.Digest,
		Facts: map[string]string{"link": l.ID, "until": l.Until().Format(time.RFC3339)}}
	_, err := k.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&l).Exec(ctx)
		return err
	})
	if err != nil {
		return "", Link{}, fmt.Errorf("share the evidence: %w", err)
	}
	return token, l, nil
}

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Links are those to a bundle that have not ended, the newest first.
func (a *Archive) Links(ctx context.Context, b Bundle) ([]Link, error) {
	var found []Link
	err := a.db.NewSelect().Model(&found).Where("bundle = ? AND ends > ?", b.Digest, state.Millis(a.now())).
		Order("made DESC").Limit(500).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for links: %w", err)
	}
	return found, nil
}

// Unshare ends a link at once; ErrNoLink if it has ended.
func (a *Archive) Unshare(ctx context.Context, k *record.Keeper, id string) error {
	var l Link
	err := a.db.NewSelect().Model(&l).Where("id = ? AND ends > ?", id, state.Millis(a.now())).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoLink
	}
	if err != nil {
		return fmt.Errorf("look for a link: %w", err)
	}
	e := record.Entry{Kind: record.Evidence, Verb: "end link", Subject: "bundle/" + l.Bundle, Facts: map[string]string{"link": l.ID}}
	_, err = k.Act(ctx, e,
		func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("UPDATE evidence_link SET ends = ? WHERE id = ?", state.Millis(a.now()), id).Exec(ctx)
			return err
		})
	return err
}

// Shared is the bundle that a token leads to; ErrNoLink if it leads nowhere any more.
func (a *Archive) Shared(ctx context.Context, token string) (Bundle, Link, error) {
	var l Link
	err := a.db.NewSelect().Model(&l).Where("secret = ? AND ends > ?", hashed(token), state.Millis(a.now())).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Bundle{}, l, ErrNoLink
	}
	if err != nil {
		return Bundle{}, l, fmt.Errorf("look for a link: %w", err)
	}
	b, err := a.Bundle(ctx, l.Bundle)
	return b, l, err
}

// maxUses bounds how often one link is used, since each use is a record.
const maxUses = 100

// Taken records that a bundle is taken away, before it is: by whoever is signed in, or by the bearer of a link.
func (a *Archive) Taken(ctx context.Context, k *record.Keeper, b Bundle, by *Link) error {
	e := record.Entry{Kind: record.Evidence, Verb: "take away", Estate: b.Estate, Subject: "bundle/" + b.Digest}
	if by == nil {
		_, err := k.Act(ctx, e, nil)
		return err
	}
	if by.Used >= maxUses {
		return fmt.Errorf("it was used %d times: %w", by.Used, ErrNoLink)
	}
	e.Facts = map[string]string{"link": by.ID, "use": strconv.FormatInt(by.Used+1, 10)}
	bearer := access.Actor{ID: "link/" + by.ID, Name: "bearer of a link", Via: "link", Address: access.From(ctx).Address}
	_, err := k.Act(access.With(ctx, bearer), e, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("UPDATE evidence_link SET used = used + 1 WHERE id = ?", by.ID).Exec(ctx)
		return err
	})
	return err
}

// Day is how many bundles were made on a day.
type Day struct {
	Day     string // "2026-05-01", in UTC
	Bundles int
}

// Days counts the bundles of each day that has some, from one time to before another; estate may be "" for all.
func (a *Archive) Days(ctx context.Context, estate string, from, to time.Time) ([]Day, error) {
	const day = int64(24 * time.Hour / time.Millisecond)
	var rows []struct {
		Number int64
		Many   int
	}
	q := a.db.NewSelect().TableExpr("evidence_bundle").ColumnExpr("at / ? AS number", day).ColumnExpr("count(*) AS many").
		Where("at >= ? AND at < ?", state.Millis(from), state.Millis(to)).GroupExpr("1").OrderExpr("1")
	if estate != "" {
		q = q.Where("estate = ?", estate)
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count the evidence of days: %w", err)
	}
	days := make([]Day, len(rows))
	for i, r := range rows {
		days[i] = Day{state.Time(r.Number * day).Format(time.DateOnly), r.Many}
	}
	return days, nil
}
