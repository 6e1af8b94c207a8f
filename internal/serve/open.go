package serve

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-sql-driver/mysql"
	"k8s.io/klog/v2"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/access/federation"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/assessor"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/knowledge"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/ledger"
)

// parts are what a server consists of, from the bottom up. Each is opened on those before it.
type parts struct {
	db        *state.DB
	ledger    *ledger.Ledger
	key       []byte // that seals secrets in the state
	keeper    *record.Keeper
	people    *account.People
	providers *federation.Providers // nil if people sign in here only
	estates   *estate.Store
	history   *history.History
	evidence  *evidence.Archive
	decisions *governance.Decisions
	outbox    *notify.Outbox
	catalog   *catalog.Catalog
	assessor  *assessor.Assessor
	framework *framework.Framework // that estates are assessed by if their ward.yaml names none
	citations map[string][]string  // of its checks
}

// openParts opens the state of a data directory. What was opened is closed again if something cannot be.
func openParts(ctx context.Context, s Settings, version string, log *slog.Logger) (p *parts, err error) {
	p = &parts{}
	klog.SetLogger(logr.FromSlogHandler(quieter{log.Handler()})) // what Tessera tells
	if err := mysql.SetLogger(connectionLog{log}); err != nil {
		return p, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close(context.WithoutCancel(ctx)))
		}
	}()
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return p, fmt.Errorf("open the data directory: %w", err)
	}
	// A ledger in the data directory comes first, since it is held by one program at a time: a second server on the directory ends here.
	if !s.Shared() {
		if p.ledger, err = s.OpenLedger(ctx); err != nil {
			return p, fmt.Errorf("open the ledger in %s: %w", s.Data, err)
		}
	}
	place, err := s.Place()
	if err != nil {
		return p, err
	}
	if p.db, err = state.Open(ctx, place); err != nil {
		return p, err
	}
	if p.key, err = sealingKey(ctx, p.db, filepath.Join(s.keyDir(), "secret.key")); err != nil {
		return p, err
	}
	if err := p.openKeeper(ctx, s); err != nil {
		return p, err
	}
	if err := p.openPeople(ctx, s, log); err != nil {
		return p, err
	}
	if err := p.openWork(ctx, s, log); err != nil {
		return p, err
	}
	return p, p.openAssessor(s, version, log)
}

// openKeeper opens what acts are recorded with.
func (p *parts) openKeeper(ctx context.Context, s Settings) (err error) {
	if !s.Shared() {
		p.keeper, err = record.Open(ctx, p.db, p.ledger, time.Now)
		return err
	}
	if p.ledger, err = s.OpenLedger(ctx); err != nil {
		return err
	}
	p.keeper, err = record.OpenShared(ctx, p.db, p.ledger, time.Now)
	return err
}

func (p *parts) openPeople(ctx context.Context, s Settings, log *slog.Logger) error {
	var err error
	groups := map[string]map[string][]access.Role{}
	if len(s.SignIn.OIDC)+len(s.SignIn.SAML) > 0 {
		p.providers, err = federation.Open(federation.Options{DB: p.db, Keeper: p.keeper, Log: log, Base: s.origin(), Settings: s.SignIn, SignIn: p.federated,
			SignOut: func(ctx context.Context, issuer, subject string) error {
				return p.people.SignOutFederated(ctx, issuer, subject)
			}})
		if err != nil {
			return err
		}
		groups = p.providers.Groups()
	}
	o, err := s.accounts(account.Options{Key: p.key, Origin: s.origin(), Insecure: s.TLS.Off, Idle: s.Sessions.Idle, Absolute: s.Sessions.Absolute,
		Groups: groups, Notice: p.tellPerson, Log: log})
	if err != nil {
		return err
	}
	p.people, err = account.Open(ctx, p.db, p.keeper, o)
	return err
}

// federated signs somebody in for whom a provider of identities vouches.
func (p *parts) federated(w http.ResponseWriter, r *http.Request, who federation.Identity) error {
	ticket, err := p.people.SignInFederated(r.Context(), account.Claim{Issuer: who.Issuer, Subject: who.Subject, Name: who.Name, Email: who.Email,
		Groups: who.Groups}, p.people.Origin(r))
	if errors.Is(err, account.ErrRefused) {
		return web.Faultf(http.StatusForbidden, "You are known to the provider, but none of your groups gives you a role here, or your account is disabled. Ask an administrator of this server.")
	}
	if err != nil {
		return err
	}
	p.people.SetCookie(w, ticket)
	return nil
}

// openWork opens what is about estates.
func (p *parts) openWork(ctx context.Context, s Settings, log *slog.Logger) error {
	p.estates = estate.Open(p.db, p.keeper, time.Now, s.Folders)
	p.history = history.New(p.db, history.Options{Ruled: p.ruled})
	first, second, files, err := s.stores(ctx)
	if err != nil {
		return err
	}
	if p.evidence, err = evidence.New(p.db, first, second, s.Evidence.Years, time.Now); err != nil {
		return err
	}
	if p.catalog, err = knowledge.OpenCatalog(s.layers()); err != nil {
		return err
	}
	if p.framework, err = knowledge.Choose(p.catalog, ""); err != nil {
		return err
	}
	p.citations = p.framework.Citations()
	registers, err := register.Load(builtin.Files, "registers")
	if err != nil {
		return err
	}
	p.decisions, err = governance.Open(ctx, p.db, p.keeper, registers, governance.Options{Files: files, Years: s.Evidence.Years,
		Frameworks: p.catalog.Frameworks, Checks: p.catalog.IDs(), Estates: p.names, Scan: s.Files.scanner(log)})
	if err != nil {
		return err
	}
	own, err := hkdf.Expand(sha256.New, p.key, "notifications", notify.KeySize)
	if err != nil {
		return err
	}
	p.outbox, err = notify.Open(notify.Options{DB: p.db, Keeper: p.keeper, Log: log, Key: own, Base: s.origin(), Settings: s.Notifications})
	return err
}

// layers are those of the catalog.
func (s *Settings) layers() []fs.FS {
	layers := []fs.FS{builtin.Files}
	for _, dir := range s.Catalogs {
		layers = append(layers, os.DirFS(dir))
	}
	return layers
}

// names are those of the estates by their ids.
func (p *parts) names(ctx context.Context) (map[string]string, error) {
	all, err := p.estates.List(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, e := range all {
		names[e.ID] = e.Name
	}
	return names, nil
}

func (p *parts) openAssessor(s Settings, version string, log *slog.Logger) error {
	p.assessor = &assessor.Assessor{DB: p.db, Keeper: p.keeper, Estates: p.estates, History: p.history, Log: log, Now: time.Now,
		Layers: s.layers(), Version: version, Work: filepath.Join(s.Data, "work"), Advisories: s.Advisories,
		Decide: p.decisions.Config, Keep: p.keep}
	// What a server that was killed left of repositories.
	return os.RemoveAll(filepath.Join(s.Data, "work"))
}

func (p *parts) close(ctx context.Context) error {
	var faults []error
	if p.ledger != nil {
		faults = append(faults, p.ledger.Close(ctx))
	}
	if p.db != nil {
		faults = append(faults, p.db.Close())
	}
	return errors.Join(faults...)
}

// program is the context of what the server does by itself.
func program(ctx context.Context) context.Context { return access.With(ctx, access.Program) }
