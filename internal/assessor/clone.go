package assessor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/plumbing/transport/ssh"

	"ward.dev/ward/internal/estate"
)

// What a repository may take.
const (
	maxClone     = 1 << 30 // bytes on disk, its newest commit alone
	cloneTimeout = 10 * time.Minute
	maxToken     = 64 << 10 // bytes of a file with a token or a key
)

// copied is a copy of a repository.
type copied struct {
	at     string // the folder, "" if none was made
	name   string // host and path: what reports call it, so that findings keep their ids wherever the copy lies
	commit string
}

// clone copies the newest commit of a branch into a new folder, without submodules. The folder is returned even with an error.
func (a *Assessor) clone(ctx context.Context, s estate.Source) (c copied, err error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return c, errors.New("its URL cannot be read")
	}
	c.name = path.Join(u.Host, strings.TrimSuffix(u.Path, ".git"), filepath.ToSlash(s.Path))
	auth, err := credentials(s, u)
	if err != nil {
		return c, err
	}
	if err := os.MkdirAll(a.Work, 0o700); err != nil {
		return c, err
	}
	if c.at, err = os.MkdirTemp(a.Work, "repository-"); err != nil {
		return c, err
	}
	ctx, stop := context.WithTimeoutCause(ctx, cloneTimeout, fmt.Errorf("it took more than %v", cloneTimeout))
	defer stop()
	ctx, large := context.WithCancelCause(ctx)
	defer large(nil)
	go watch(ctx, c.at, large)
	o := &git.CloneOptions{URL: s.URL, Auth: auth, Depth: 1, SingleBranch: true, Tags: git.NoTags}
	repository, err := fetch(ctx, c.at, s.Branch, o)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return c, cause
	}
	if err != nil {
		return c, fmt.Errorf("clone %s: %w", c.name, err)
	}
	head, err := repository.Head()
	if err != nil {
		return c, fmt.Errorf("clone %s: %w", c.name, err)
	}
	c.commit = head.Hash().String()
	return c, nil
}

// fetch clones a branch, or if there is none of the name, a tag.
func fetch(ctx context.Context, at, branch string, o *git.CloneOptions) (*git.Repository, error) {
	if branch != "" {
		o.ReferenceName = plumbing.NewBranchReferenceName(branch)
	}
	repository, err := git.PlainCloneContext(ctx, at, false, o)
	if branch == "" || !errors.Is(err, git.NoMatchingRefSpecError{}) && !errors.Is(err, plumbing.ErrReferenceNotFound) {
		return repository, err
	}
	if err := empty(at); err != nil {
		return nil, err
	}
	o.ReferenceName = plumbing.NewTagReferenceName(branch)
	return git.PlainCloneContext(ctx, at, false, o)
}

// credentials are a token over https, a private key over ssh, or nothing. Over ssh the host must be among those that the server's user knows.
func credentials(s estate.Source, u *url.URL) (transport.AuthMethod, error) {
	if s.TokenFile == "" {
		return nil, nil
	}
	info, err := os.Stat(s.TokenFile)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxToken {
		return nil, fmt.Errorf("the file %s with its token cannot be read", s.TokenFile)
	}
	secret, err := os.ReadFile(s.TokenFile)
	if err != nil {
		return nil, fmt.Errorf("the file %s with its token cannot be read", s.TokenFile)
	}
	user := u.User.Username()
	if u.Scheme == "ssh" {
		if user == "" {
			user = "git"
		}
		key, err := ssh.NewPublicKeys(user, secret, "")
		if err != nil {
			return nil, fmt.Errorf("the file %s holds no private key that can be used", s.TokenFile)
		}
		return key, nil
	}
	if user == "" {
		user = "token"
	}
	return &http.BasicAuth{Username: user, Password: strings.TrimSpace(string(secret))}, nil
}

// watch ends a clone that grows too large.
func watch(ctx context.Context, at string, large context.CancelCauseFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		var size int64
		_ = filepath.WalkDir(at, func(_ string, d fs.DirEntry, err error) error { // files come and go meanwhile
			if err != nil {
				return nil
			}
			if info, err := d.Info(); err == nil {
				size += info.Size()
			}
			return nil
		})
		if size > maxClone {
			large(fmt.Errorf("it is larger than %d MiB", maxClone>>20))
			return
		}
	}
}

// empty removes all that is in a folder.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
