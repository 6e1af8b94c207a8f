package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/transfer"

	"ward.dev/ward/internal/value"
)

func transferServers(ctx context.Context, r *region) {
	c := transfer.NewFromConfig(r.config("transfer"))
	each(ctx, r, list(ctx, r, c.ListServers,
		&transfer.ListServersInput{MaxResults: aws.Int32(1000)}, "Servers"), func(item value.Value) {
		id := text(item, "ServerId")
		b := r.resource(text(item, "Arn"), "ListServers", item)
		ask(ctx, b, c.DescribeServer, &transfer.DescribeServerInput{ServerId: &id})
		b.add()
	})
}

// knownElsewhere are the servers whose users Transfer Family does not keep.
var knownElsewhere = map[string]bool{"API_GATEWAY": true, "AWS_DIRECTORY_SERVICE": true, "AWS_LAMBDA": true}

func transferUsers(ctx context.Context, r *region) {
	c := transfer.NewFromConfig(r.config("transfer"))
	for server := range list(ctx, r, c.ListServers, &transfer.ListServersInput{MaxResults: aws.Int32(1000)}, "Servers") {
		if knownElsewhere[text(server, "IdentityProviderType")] {
			continue
		}
		id := aws.String(text(server, "ServerId"))
		each(ctx, r, list(ctx, r, c.ListUsers,
			&transfer.ListUsersInput{ServerId: id, MaxResults: aws.Int32(1000)}, "Users"), func(item value.Value) {
			name := text(item, "UserName")
			b := r.resource(text(item, "Arn"), "ListUsers", item)
			ask(ctx, b, c.DescribeUser, &transfer.DescribeUserInput{ServerId: id, UserName: &name})
			b.add()
		})
	}
}

func transferConnectors(ctx context.Context, r *region) {
	c := transfer.NewFromConfig(r.config("transfer"))
	each(ctx, r, list(ctx, r, c.ListConnectors,
		&transfer.ListConnectorsInput{MaxResults: aws.Int32(1000)}, "Connectors"), func(item value.Value) {
		id := text(item, "ConnectorId")
		b := r.resource(text(item, "Arn"), "ListConnectors", item)
		ask(ctx, b, c.DescribeConnector, &transfer.DescribeConnectorInput{ConnectorId: &id})
		b.add()
	})
}
