package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"ward.dev/ward/internal/value"
)

// transient tells whether a call that failed may well be answered the next time.
func transient(err error) bool {
	if err == nil {
		return false
	}
	var refused *refusal
	if errors.As(err, &refused) {
		return refused.code == http.StatusTooManyRequests || refused.code >= http.StatusInternalServerError
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, errForeign) && !errors.Is(err, errTooLarge)
}

// signedOut tells that the credentials were not accepted. They may be renewed by that: client-go then asks the program anew that
// a kubeconfig names for them, and reads the token of a service account again.
func signedOut(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && refused.code == http.StatusUnauthorized
}

// expired tells that the pages of a list can no longer be turned, since what they show is too long ago.
func expired(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && (refused.code == http.StatusGone || refused.reason == "Expired")
}

// why says why a call told nothing, and what to grant. It holds no text of the reply but the API's own words: what a cluster
// or something in between writes into a message is not ours to hand on.
func why(asked, grant string, err error) value.Reason {
	var refused *refusal
	switch {
	case errors.Is(err, context.Canceled):
		return value.Reason{Why: asked + " was not asked: the run was stopped", Grant: "run it again with --resume"}
	case expired(err):
		return value.Reason{Why: asked + " could not be read to its end: the cluster changes faster than it can be listed", Grant: "run it again with --resume"}
	case errors.As(err, &refused):
		return refused.why(asked, grant)
	case errors.Is(err, context.DeadlineExceeded), timedOut(err):
		return value.Reason{Why: asked + " was not answered in time"}
	}
	return value.Reason{Why: asked + " could not be read: " + plain(err)}
}

func (f *refusal) why(asked, grant string) value.Reason {
	switch f.code {
	case http.StatusForbidden:
		return value.Reason{Why: asked + " was denied", Grant: grant}
	case http.StatusUnauthorized:
		return value.Reason{Why: asked + ": the credentials were not accepted, or have expired", Grant: "sign in again and run it with --resume"}
	case http.StatusTooManyRequests:
		return value.Reason{Why: asked + " was throttled to the end", Grant: "run it again with a lower --concurrency"}
	case http.StatusNotFound:
		return value.Reason{Why: asked + " is said not to exist, though the cluster may serve it"}
	}
	if f.reason != "" {
		return value.Reason{Why: fmt.Sprintf("%s was answered with HTTP %d (%s)", asked, f.code, f.reason)}
	}
	return value.Reason{Why: fmt.Sprintf("%s was answered with HTTP %d", asked, f.code)}
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// plain says in a few words what broke, without what the other side wrote.
func plain(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return "its certificate is not signed by an authority that the kubeconfig trusts, or is for another name"
	case errors.As(err, &dns):
		return "the name " + dns.Name + " cannot be looked up"
	case errors.As(err, &op):
		return "the connection failed (" + op.Op + ")"
	case timedOut(err):
		return "no answer in time"
	case errors.Is(err, errForeign):
		return "the reply is not one of the API; is there a proxy in between that wants one to sign in?"
	case errors.Is(err, errTooLarge):
		return "an object is larger than any that the API keeps"
	case errors.Is(err, errRepeated):
		return errRepeated.Error()
	case errors.Is(err, errCut), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the reply is cut off or not what the API says it is"
	case strings.Contains(err.Error(), "getting credentials"):
		return "the program that the kubeconfig names for credentials failed; kubectl get namespaces shows how"
	}
	return "the call failed"
}
