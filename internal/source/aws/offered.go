package aws

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// AWS does not offer every service in every region. Where it does not, the service's name is in no DNS, which a broken
// network looks like too. So AWS is asked: its public parameters list the regions of each service.

// regionLists is where they are.
const regionLists = "/aws/service/global-infrastructure/services/"

// seeOffered is the action that reading them takes.
const seeOffered = "ssm:GetParametersByPath on arn:aws:ssm:*::parameter" + regionLists + "*"

// unknownName tells that the name of a service's endpoint is not known to the DNS.
func unknownName(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// unoffered tells whether a call failed because AWS surely does not offer the service in the region.
func (r *region) unoffered(ctx context.Context, service string, err error) bool {
	if !unknownName(err) {
		return false
	}
	regions := r.run.offered(ctx, r, service)
	if len(regions) == 0 { // some are listed under the name that IAM has for them
		prefix, _, _ := strings.Cut(Permissions(service, "")[0], ":")
		regions = r.run.offered(ctx, r, prefix)
	}
	if len(regions) == 0 || slices.Contains(regions, r.where()) {
		return false
	}
	r.run.Forgive(r.part())
	return true
}

// offered are the regions that AWS offers a service in, asked once in a run; none if that could not be learned.
func (r *run) offered(ctx context.Context, at *region, service string) []string {
	r.mu.Lock()
	known, asked := r.regionsOf[service]
	r.mu.Unlock()
	if asked {
		return known
	}
	home := at.in(at.account.home)
	in := &ssm.GetParametersByPathInput{Path: aws.String(regionLists + service + "/regions")}
	var regions []string
	for item, err := range pages(ctx, home, ssm.NewFromConfig(home.config("ssm")).GetParametersByPath, in, "Parameters") {
		if err != nil {
			regions = nil
			break
		}
		regions = append(regions, text(item, "Value"))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.regionsOf == nil {
		r.regionsOf = map[string][]string{}
	}
	r.regionsOf[service] = regions
	return regions
}
