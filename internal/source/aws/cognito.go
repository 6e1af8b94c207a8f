package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"ward.dev/ward/internal/value"
)

// cognitoPage is the most that Cognito's lists give at once.
var cognitoPage int32 = 60

func userPools(ctx context.Context, r *region) {
	c := idp.NewFromConfig(r.config("cognitoidentityprovider"))
	all := list(ctx, r, c.ListUserPools, &idp.ListUserPoolsInput{MaxResults: &cognitoPage}, "UserPools")
	each(ctx, r, all, func(item value.Value) {
		id := text(item, "Id")
		b := r.resource(r.arn("cognito-idp", "userpool/"+id), "ListUserPools", item)
		ask(ctx, b, c.DescribeUserPool, &idp.DescribeUserPoolInput{UserPoolId: &id})
		b.add()
	})
}

func userPoolClients(ctx context.Context, r *region) {
	c := idp.NewFromConfig(r.config("cognitoidentityprovider"))
	for pool := range list(ctx, r, c.ListUserPools, &idp.ListUserPoolsInput{MaxResults: &cognitoPage}, "UserPools") {
		of := text(pool, "Id")
		input := &idp.ListUserPoolClientsInput{UserPoolId: &of, MaxResults: &cognitoPage}
		each(ctx, r, list(ctx, r, c.ListUserPoolClients, input, "UserPoolClients"), func(item value.Value) {
			id := text(item, "ClientId")
			b := r.resource(r.arn("cognito-idp", "userpool/"+of+"/client/"+id), "ListUserPoolClients", item)
			ask(ctx, b, c.DescribeUserPoolClient, &idp.DescribeUserPoolClientInput{UserPoolId: &of, ClientId: &id})
			b.add()
		})
	}
}

func identityPools(ctx context.Context, r *region) {
	c := cognitoidentity.NewFromConfig(r.config("cognitoidentity"))
	input := &cognitoidentity.ListIdentityPoolsInput{MaxResults: &cognitoPage}
	each(ctx, r, list(ctx, r, c.ListIdentityPools, input, "IdentityPools"), func(item value.Value) {
		id := text(item, "IdentityPoolId")
		b := r.resource(r.arn("cognito-identity", "identitypool/"+id), "ListIdentityPools", item)
		ask(ctx, b, c.DescribeIdentityPool, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &id})
		b.add()
	})
}
