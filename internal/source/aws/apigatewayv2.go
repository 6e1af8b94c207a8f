package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"ward.dev/ward/internal/value"
)

func httpEach(ctx context.Context, r *region, c *apigatewayv2.Client, work func(id string, api value.Value)) {
	each(ctx, r, list(ctx, r, c.GetApis, &apigatewayv2.GetApisInput{}, "Items"), func(item value.Value) {
		work(text(item, "ApiId"), item)
	})
}

func httpAPIs(ctx context.Context, r *region) {
	c := apigatewayv2.NewFromConfig(r.config("apigatewayv2"))
	httpEach(ctx, r, c, func(id string, api value.Value) {
		b := r.resource(r.gatewayARN("/apis/"+id), "GetApis", api)
		all := askAll(ctx, b, c.GetIntegrations, &apigatewayv2.GetIntegrationsInput{ApiId: &id}, "Items")
		b.keep("GetIntegrations", httpTargets(all)) // the rest of it, such as templates, may hold anything
		b.add()
	})
}

// httpTargets are the ARNs that integrations lead to.
func httpTargets(integrations value.Value) value.Value {
	items, isList := integrations.AsList()
	if !isList {
		return integrations
	}
	var all []value.Value
	for _, uri := range textsOf(items, "IntegrationUri") {
		arns, _ := arnsIn(uri).AsList()
		all = append(all, arns...)
	}
	made := value.List(all...).At(integrations.Origin())
	if integrations.IsOpen() {
		made = made.Open(integrations.Reasons()...)
	}
	return made
}

func httpRoutes(ctx context.Context, r *region) {
	c := apigatewayv2.NewFromConfig(r.config("apigatewayv2"))
	httpEach(ctx, r, c, func(id string, api value.Value) {
		for item := range list(ctx, r, c.GetRoutes, &apigatewayv2.GetRoutesInput{ApiId: &id}, "Items") {
			b := r.resource(r.gatewayARN("/apis/"+id+"/routes/"+text(item, "RouteId")), "GetRoutes", item)
			b.keep("GetApis", api)
			b.add()
		}
	})
}

func httpStages(ctx context.Context, r *region) {
	c := apigatewayv2.NewFromConfig(r.config("apigatewayv2"))
	httpEach(ctx, r, c, func(id string, api value.Value) {
		for item := range list(ctx, r, c.GetStages, &apigatewayv2.GetStagesInput{ApiId: &id}, "Items") {
			b := r.resource(r.gatewayARN("/apis/"+id+"/stages/"+text(item, "StageName")), "GetStages", item)
			b.keep("GetApis", api)
			b.add()
		}
	})
}
