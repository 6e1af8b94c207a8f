package phimap

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/resource"
)

// What is known of the way between two resources comes from their ends: one that refuses what is not encrypted settles it. Something that hands
// requests on, such as a listener, speaks for the side of its clients alone; what it does behind is told by another check, or by what it hands to.

// behind are the kinds that hand requests on, with the kinds that they hand them to ("" for any) and the check that tells whether they do so
// encrypted, "" if none does.
var behind = map[string]struct {
	to    []string
	check string
}{
	"aws.elbv2.listener":          {[]string{"aws.elbv2.target_group"}, ""},
	"aws.elbv2.load_balancer":     {[]string{"aws.elbv2.target_group"}, ""},
	"aws.elb.load_balancer":       {[]string{"aws.ec2.instance"}, "encrypts-to-instances"},
	"aws.cloudfront.distribution": {nil, "uses-current-tls-to-origins"},
	"aws.apigateway.rest_api":     {nil, ""},
	"aws.apigateway.stage":        {nil, ""},
	"aws.apigatewayv2.api":        {nil, ""},
	"aws.apigatewayv2.stage":      {nil, ""},
	"kubernetes.ingress":          {nil, ""},
	"kubernetes.gateway":          {[]string{"kubernetes.service", "kubernetes.workload"}, ""},
	"kubernetes.http_route":       {[]string{"kubernetes.service", "kubernetes.workload"}, ""},
	"kubernetes.service":          {[]string{"kubernetes.workload"}, ""},
}

// ways are the answers about encryption in transit, of each resource by the last part of the check.
type ways map[string]map[string]string

func waysOf(a *assessment.Assessment) ways {
	all := ways{}
	for i := range a.Findings {
		f := &a.Findings[i]
		if !slices.Contains(f.Citations, inTransit) {
			continue
		}
		of := all[f.Resource.ID]
		if of == nil {
			of = map[string]string{}
			all[f.Resource.ID] = of
		}
		check := f.Check[strings.LastIndexByte(f.Check, '.')+1:]
		of[check] = worse(of[check], f.Status)
	}
	return all
}

// between tells whether what goes from one resource to another is encrypted: "yes" if one of them lets nothing else through, "no" if one of
// them is known to let it, else "unknown".
func (w ways) between(a, b *resource.Resource) string {
	answers := []string{w.end(a, b), w.end(b, a)}
	switch {
	case slices.Contains(answers, "no"):
		return "no"
	case slices.Contains(answers, "yes"):
		return "yes"
	}
	return "unknown"
}

// end is what one end of a way says about what goes between it and another, "" if nothing.
func (w ways) end(r, other *resource.Resource) string {
	if r.Kind.Name == "aws.elbv2.target_group" && other.Kind.Provider() == "aws" {
		return spoken(r)
	}
	if hands, ok := behind[r.Kind.Name]; ok && (hands.to == nil || slices.Contains(hands.to, other.Kind.Name)) {
		return w[r.ID][hands.check]
	}
	for _, check := range []string{"enforces-tls", "uses-tls"} {
		if answer := w[r.ID][check]; answer != "" {
			return answer
		}
	}
	return ""
}

// spoken is what the protocol of a target group says of what is sent to its targets.
func spoken(group *resource.Resource) string {
	protocol := group.Get("protocol")
	name, ok := protocol.AsString()
	switch {
	case ok && (name == "HTTPS" || name == "TLS" || name == "QUIC"):
		return "yes"
	case ok && name == "HTTP":
		return "no"
	case ok || protocol.IsUnknown(): // of what goes over TCP the targets know
		return "unknown"
	}
	return ""
}
