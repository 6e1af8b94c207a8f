package decode

import (
	"fmt"
	"regexp"
	"strings"

	"ward.dev/ward/internal/value"
)

// publicACL tells whether a canned ACL grants something to everyone, or to everyone with any AWS account.
func publicACL(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		s, _ := v.AsString()
		switch strings.ToLower(strings.ReplaceAll(s, "-", "")) { // CloudFormation writes PublicRead
		case "publicread", "publicreadwrite", "authenticatedread":
			return from(v, value.Bool(true))
		case "private", "awsexecread", "bucketownerread", "bucketownerfullcontrol", "logdeliverywrite":
			return from(v, value.Bool(false))
		}
		return unreadable(v, "the value is not a canned ACL that S3 knows")
	})
}

// tlsNames are the forms of policy names that say their lowest version themselves. The submatch is the minor version.
var tlsNames = []*regexp.Regexp{
	regexp.MustCompile(`^ELBSecurityPolicy-(?:TLS13|TLS|FS)-1-([0-3])(?:-(?:Res|Ext\d?|FIPS|PQ))*-\d{4}-\d{2}$`),
	regexp.MustCompile(`^TLSv1(?:\.([0-3]))?(?:_\d{4})?$`), // CloudFront
	regexp.MustCompile(`^TLS_?1_([0-3])$`),                 // API Gateway
	regexp.MustCompile(`^SecurityPolicy_TLS13_1_([0-3])(?:_(?:FIPS|PFS|PQ|EDGE))*(?:_\d{4}_\d{2})(?:_EDGE)?$`),
	regexp.MustCompile(`^Policy-Min-TLS-1-([0-3])(?:-(?:PFS|RFC9151|FIPS))*-\d{4}-\d{2}$`), // OpenSearch
	regexp.MustCompile(`^tls1\.([0-3])\+$`),                                                // DocumentDB
}

// tlsPolicies are the policies whose names do not say it. All of them accept TLS 1.0, some even SSL 3.0.
var tlsPolicies = map[string]string{
	"ELBSecurityPolicy-2011-08": "1.0", "ELBSecurityPolicy-2014-01": "1.0", "ELBSecurityPolicy-2014-10": "1.0",
	"ELBSecurityPolicy-2015-02": "1.0", "ELBSecurityPolicy-2015-03": "1.0", "ELBSecurityPolicy-2015-05": "1.0",
	"ELBSecurityPolicy-2016-08": "1.0", "ELBSecurityPolicy-FS-2018-06": "1.0", "SSLv3": "1.0",
}

// tlsPolicy returns the lowest TLS version that a named policy of a load balancer, CloudFront, API Gateway, OpenSearch or
// DocumentDB accepts. SSL 3.0 counts as 1.0.
func tlsPolicy(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		name, ok := v.AsString()
		if !ok {
			return unreadable(v, "the TLS policy is not a text")
		}
		if version, ok := tlsPolicies[name]; ok {
			return from(v, value.String(version))
		}
		for _, form := range tlsNames {
			if m := form.FindStringSubmatch(name); m != nil {
				if m[1] == "" {
					m[1] = "0"
				}
				return from(v, value.String("1."+m[1]))
			}
		}
		return unreadable(v, fmt.Sprintf("it is not known what the TLS policy %.60q accepts", name))
	})
}

// providedPath tells whether a path in IAM is one that AWS keeps for what it makes itself: nobody else can use it.
func providedPath(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		path, _ := v.AsString()
		return from(v, value.Bool(strings.HasPrefix(path, "/aws-service-role/") || strings.HasPrefix(path, "/aws-reserved/")))
	})
}
