package aws

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"ward.dev/ward/internal/value"
)

// gatewayPage is the most that one page of API Gateway holds.
var gatewayPage = int32(500)

// gatewayARN is the ARN of something in API Gateway; it holds no account.
func (r *region) gatewayARN(path string) string {
	return "arn:" + r.account.Partition + ":apigateway:" + r.where() + "::" + path
}

func restEach(ctx context.Context, r *region, c *apigateway.Client, work func(id string, api value.Value)) {
	each(ctx, r, list(ctx, r, c.GetRestApis, &apigateway.GetRestApisInput{Limit: &gatewayPage}, "Items"), func(item value.Value) {
		work(text(item, "Id"), with(item, "Policy", unescaped(item.Field("Policy"))))
	})
}

// unescaped is a policy as JSON: REST APIs reply it with a backslash before each quote.
func unescaped(policy value.Value) value.Value {
	s, _ := policy.AsString()
	if !strings.HasPrefix(s, `{\`) {
		return policy
	}
	if plain, err := strconv.Unquote(`"` + s + `"`); err == nil {
		return value.String(plain).At(policy.Origin())
	}
	return policy
}

func restAPIs(ctx context.Context, r *region) {
	restEach(ctx, r, apigateway.NewFromConfig(r.config("apigateway")), func(id string, api value.Value) {
		r.resource(r.gatewayARN("/restapis/"+id), "GetRestApis", api).add()
	})
}

func restStages(ctx context.Context, r *region) {
	c := apigateway.NewFromConfig(r.config("apigateway"))
	certificates := sync.OnceValue(func() func(string) value.Value {
		in := &apigateway.GetClientCertificatesInput{Limit: &gatewayPage}
		return aboutEach(ctx, r, c.GetClientCertificates, in, "Items", "ClientCertificateId")
	})
	restEach(ctx, r, c, func(id string, api value.Value) {
		for item := range list(ctx, r, c.GetStages, &apigateway.GetStagesInput{RestApiId: &id}, "Item") {
			b := r.resource(r.gatewayARN("/restapis/"+id+"/stages/"+text(item, "StageName")), "GetStages",
				with(item, "MethodSettings", rows(item.Field("MethodSettings"), "Methods")))
			b.keep("GetRestApis", api)
			if certificate := text(item, "ClientCertificateId"); certificate != "" {
				b.keep("GetClientCertificates", certificates()(certificate))
			}
			b.add()
		}
	})
}

// restMethods makes a block of each method of each path. Of what answers it keeps only the name: its templates may hold
// anything.
func restMethods(ctx context.Context, r *region) {
	c := apigateway.NewFromConfig(r.config("apigateway"))
	restEach(ctx, r, c, func(id string, api value.Value) {
		in := &apigateway.GetResourcesInput{RestApiId: &id, Limit: &gatewayPage, Embed: []string{"methods"}}
		for path := range list(ctx, r, c.GetResources, in, "Items") {
			methods, _ := rows(path.Field("ResourceMethods"), "Called").AsList()
			for _, method := range methods {
				address := "/restapis/" + id + "/resources/" + text(path, "Id") + "/methods/" + text(method, "Called")
				targets := arnsIn(text(method, "MethodIntegration", "Uri")).At(method.Origin())
				b := r.resource(r.gatewayARN(address), "GetResources", with(with(method, "MethodIntegration", value.None()), "Targets", targets))
				b.keep("GetRestApis", api)
				b.add()
			}
		}
	})
}

// apiDomains are those of both generations: the first one's list holds all.
func apiDomains(ctx context.Context, r *region) {
	c := apigateway.NewFromConfig(r.config("apigateway"))
	for item := range list(ctx, r, c.GetDomainNames, &apigateway.GetDomainNamesInput{Limit: &gatewayPage}, "Items") {
		address := text(item, "DomainNameArn")
		if address == "" {
			address = r.gatewayARN("/domainnames/" + text(item, "DomainName"))
		}
		r.resource(address, "GetDomainNames", item).add()
	}
}
