package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"ward.dev/ward/internal/value"
)

// absence is an error that says that there is none, rather than that it could not be read.
type absence struct {
	code     string
	contains string // of the message; "" for any
}

// none is the absence that an error code tells: "NoSuchBucketPolicy".
func none(code string) absence { return absence{code: code} }

// noneIf is the absence that an error code tells together with its message.
func noneIf(code, contains string) absence { return absence{code, contains} }

// retired is the absence that a service tells which AWS has shut down: the name of its endpoint is gone. MUST NOT be used for
// a service that may still be somewhere: a name that cannot be looked up may be the fault of the network.
var retired = absence{code: "the name is gone"}

func means(absent []absence, err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound && slices.Contains(absent, retired) {
		return true
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	for _, a := range absent {
		if api.ErrorCode() == a.code && strings.Contains(strings.ToLower(api.ErrorMessage()), strings.ToLower(a.contains)) {
			return true
		}
	}
	return false
}

var (
	deniedCode = regexp.MustCompile(`(?i)AccessDenied|Unauthorized|NotAuthorized|AuthorizationError|Forbidden|OptInRequired|NotManagementOrDelegated`)
	// strangers are told of a region that the account has not turned on.
	strangerCode = regexp.MustCompile(`^(AuthFailure|UnrecognizedClientException|InvalidClientTokenId|AuthFailureException)$`)
	throttleCode = regexp.MustCompile(`(?i)Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|RequestThrottled|BandwidthLimitExceeded`)
	expiredCode  = regexp.MustCompile(`^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$`)
	wanted       = regexp.MustCompile(`not authorized to perform:? ([a-z0-9-]+:[A-Za-z0-9]+)`)
)

// why says why a call told nothing, and what to grant. It holds no text of the reply but the error's code: what a service
// or something in between writes into a message is not ours to hand on.
func (r *region) why(service, operation string, err error) value.Reason {
	permissions := Permissions(service, operation)
	name := service + ":" + operation + " in " + r.where()
	var api smithy.APIError
	var reply *smithyhttp.ResponseError
	switch {
	case errors.Is(err, context.Canceled):
		return value.Reason{Why: name + " was not asked: the run was stopped", Grant: "run it again with --resume"}
	case errors.As(err, &api) && expiredCode.MatchString(api.ErrorCode()):
		return value.Reason{Why: name + ": the credentials have expired", Grant: "sign in again and run it with --resume"}
	case errors.As(err, &api) && strangerCode.MatchString(api.ErrorCode()):
		return value.Reason{Why: name + " was refused: " + api.ErrorCode() + "; the region may be off for this account",
			Grant: "leave the region out with --regions, or turn it on"}
	case errors.As(err, &api) && deniedCode.MatchString(api.ErrorCode()):
		if m := wanted.FindStringSubmatch(api.ErrorMessage()); m != nil {
			permissions = []string{m[1]}
		}
		return value.Reason{Why: name + " was denied", Grant: strings.Join(permissions, ", ") + r.from}
	case errors.As(err, &api) && throttleCode.MatchString(api.ErrorCode()):
		return value.Reason{Why: name + " was throttled to the end", Grant: "run it again with a lower --concurrency"}
	case errors.As(err, &api):
		return value.Reason{Why: name + " was answered with " + code(api.ErrorCode())}
	case errors.As(err, &reply) && reply.HTTPStatusCode() != 0: // the SDK makes a reply of what was never answered, too
		return value.Reason{Why: fmt.Sprintf("%s was answered with HTTP %d and nothing that can be read", name, reply.HTTPStatusCode())}
	case timedOut(err):
		return value.Reason{Why: name + " was not answered in time"}
	case unknownName(err):
		return value.Reason{Why: name + " could not be read: " + plain(err) + "; AWS may not offer the service there", Grant: seeOffered}
	}
	return value.Reason{Why: name + " could not be read: " + plain(err)}
}

// code keeps of an error code what may be one.
func code(s string) string {
	if !regexp.MustCompile(`^[A-Za-z0-9._:-]{1,80}$`).MatchString(s) {
		return "an error"
	}
	return s
}

func timedOut(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// plain says in a few words what broke, without what the other side wrote.
func plain(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var attempts *retry.MaxAttemptsError
	switch {
	case errors.As(err, &dns):
		return "the name " + dns.Name + " cannot be looked up"
	case errors.As(err, &op):
		return "the connection failed (" + op.Op + ")"
	case errors.As(err, &attempts):
		return fmt.Sprintf("no answer after %d attempts", attempts.Attempt)
	}
	var deserialization *smithy.DeserializationError
	if errors.As(err, &deserialization) {
		return "the reply is cut off or not what the service says it is"
	}
	return "the call failed"
}

// survive turns a fault of a collector into a kind that is not known whole, so that one cannot end the run.
func (r *region) survive() {
	if fault := recover(); fault != nil {
		r.run.Fault(fmt.Errorf("collector of %s in %s: %v\n%s", r.kind, r.name, fault, debug.Stack()))
		r.run.partial(r, value.Reason{Why: "the collector of " + r.kind + " in " + r.name + " broke; please report it"})
	}
}

// answered tells an error with which the service says something about a resource, such as that it has no policy, from one
// that says that the question itself was not answered: by the service, or by something on the way that the SDK finds no
// code in.
func answered(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == "UnknownError" {
		return false
	}
	var reply *smithyhttp.ResponseError
	if errors.As(err, &reply) && reply.HTTPStatusCode() >= 500 {
		return false
	}
	if means([]absence{noMacie}, err) { // the one service that says so with the code of a refusal
		return true
	}
	for _, pattern := range []*regexp.Regexp{deniedCode, strangerCode, throttleCode, expiredCode} {
		if pattern.MatchString(api.ErrorCode()) {
			return false
		}
	}
	return api.ErrorFault() != smithy.FaultServer
}
