package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// account is one account and who reads it.
type account struct {
	ID        string
	Partition string // "aws", "aws-us-gov", "aws-cn"
	Caller    string // ARN
	home      string // the region that is asked for what is global
	config    aws.Config
	fault     string // why nothing of it can be read, "" if it can
}

func (a *account) target() string { return "aws:" + a.ID }

func (a *account) reason() value.Reason {
	return value.Reason{Why: "account " + a.ID + " could not be entered: " + a.fault, Grant: "sts:AssumeRole on the role in that account"}
}

// signIn finds credentials as the AWS command line does, assumes the role, and learns who is asking.
func (r *run) signIn(ctx context.Context) (*account, error) {
	o := r.options
	client := awshttp.NewBuildableClient().WithTimeout(o.Timeout).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost, t.MaxIdleConns = o.Concurrency, 4*o.Concurrency
	})
	base, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(o.Profile), config.WithHTTPClient(client),
		config.WithLogger(logging.Nop{})) // what matters is told as a gap
	if err != nil {
		return nil, fmt.Errorf("%w: the AWS configuration: %w", ErrNothing, err)
	}
	r.options.Attempts = cmp.Or(o.Attempts, base.RetryMaxAttempts, defaultAttempts)
	base.RetryMaxAttempts = r.options.Attempts
	if base.Region == "" {
		base.Region = homeRegion(o.Regions)
	}
	base.APIOptions = append(base.APIOptions, wholeReplies)
	if o.Configure != nil {
		o.Configure(&base)
	}
	if base.BaseEndpoint != nil {
		base.APIOptions = append(base.APIOptions, oneHost)
	}
	if o.Role != "" {
		base.Credentials = assumed(base, o.Role, o.External)
	}
	return identify(ctx, base)
}

const defaultAttempts = 6

// oneHost keeps the SDK from putting an account's number before the name of another endpoint than AWS's, which then
// leads nowhere.
func oneHost(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("OneHost",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

// homeRegion is where what is global is asked when nobody has said a region.
func homeRegion(regions []string) string {
	if len(regions) > 0 {
		return regions[0]
	}
	return "us-east-1"
}

func assumed(base aws.Config, role, external string) aws.CredentialsProvider {
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(base), role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "ward"
		if external != "" {
			o.ExternalID = &external
		}
	}))
}

func identify(ctx context.Context, c aws.Config) (*account, error) {
	who, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrNothing, signInFault(c, err))
	}
	if aws.ToString(who.Account) == "" {
		return nil, fmt.Errorf("%w: what answers is not AWS; check the network, the proxy and AWS_ENDPOINT_URL", ErrNothing)
	}
	partition := "aws"
	if fields := strings.Split(aws.ToString(who.Arn), ":"); len(fields) > 1 && fields[1] != "" {
		partition = fields[1]
	}
	return &account{ID: aws.ToString(who.Account), Partition: partition, Caller: aws.ToString(who.Arn), home: c.Region, config: c}, nil
}

// signInFault says what to do about a refused sign-in.
func signInFault(c aws.Config, err error) string {
	var api smithy.APIError
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &api) && expiredCode.MatchString(api.ErrorCode()):
		return "the credentials have expired; sign in again (aws sso login, or renew the session)"
	case errors.As(err, &api):
		return "AWS refused the credentials (" + code(api.ErrorCode()) + "); check the profile, the keys and the role"
	case errors.As(err, &dns):
		return fmt.Sprintf("%s cannot be looked up; is %q a region, and is there a network?", dns.Name, c.Region)
	case errors.As(err, &op):
		return "no connection to AWS; check the network, the proxy and AWS_ENDPOINT_URL"
	case strings.Contains(err.Error(), "failed to refresh cached credentials"), strings.Contains(err.Error(), "get credentials"):
		return "there are no credentials; set a profile (--profile), sign in (aws sso login), or set AWS_ACCESS_KEY_ID"
	}
	return "the caller's identity could not be learned: " + plain(err)
}

// regions are those to read of an account. If they cannot be listed, the home region is read and a gap tells so.
func (r *run) regions(ctx context.Context, a *account, table []collector) []string {
	if len(r.options.Regions) > 0 {
		return r.options.Regions
	}
	at := &region{run: r, account: a, name: a.home, kind: "aws.account"}
	out, err := ec2.NewFromConfig(at.config("ec2")).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	if err == nil && len(out.Regions) == 0 { // every account has some
		err = errNoRegions
	}
	if err != nil {
		why := at.why("ec2", "DescribeRegions", err)
		for _, c := range table {
			if !c.global {
				at.kind = c.kind
				r.partial(at, value.Reason{Why: "which regions are turned on is not known: " + why.Why, Grant: why.Grant})
			}
		}
		return []string{a.home}
	}
	var names []string
	for _, one := range out.Regions {
		names = append(names, aws.ToString(one.RegionName))
	}
	slices.Sort(names)
	return names
}

// members enters every active account of the organization.
func (r *run) members(ctx context.Context, own *account) ([]*account, error) {
	at := &region{run: r, account: own, name: own.home, kind: "aws.organizations.organization", global: true}
	client := organizations.NewFromConfig(at.config("organizations"))
	all := []*account{own}
	for item, err := range pages(ctx, at, client.ListAccounts, &organizations.ListAccountsInput{}, "Accounts") {
		if err != nil {
			why := at.why("organizations", "ListAccounts", err)
			return nil, fmt.Errorf("%w of the organization: %s; grant %s to %s, or leave out --organization", ErrNothing, why.Why, why.Grant, own.Caller)
		}
		id := text(item, "Id")
		if fields := strings.Split(text(item, "Arn"), ":"); len(fields) > 4 {
			r.manager = fields[4]
		}
		if id == own.ID {
			continue
		}
		if status := text(item, "Status"); status != "ACTIVE" {
			r.Gap(resource.Gap{Target: "aws:" + id, What: "account " + id, Reason: "the account is " + status + " and was not read"})
			continue
		}
		all = append(all, r.member(ctx, own, id))
	}
	return all, nil
}

func (r *run) member(ctx context.Context, own *account, id string) *account {
	c := own.config.Copy()
	c.Credentials = assumed(own.config, "arn:"+own.Partition+":iam::"+id+":role/"+r.options.Organization, r.options.External)
	a, err := identify(ctx, c)
	if err != nil {
		fault := strings.TrimPrefix(err.Error(), ErrNothing.Error()+": ")
		return &account{ID: id, Partition: own.Partition, home: own.home, Caller: own.Caller, fault: fault}
	}
	return a
}
