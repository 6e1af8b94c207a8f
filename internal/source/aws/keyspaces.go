package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/keyspaces"

	"ward.dev/ward/internal/value"
)

func keyspacesTables(ctx context.Context, r *region) {
	c := keyspaces.NewFromConfig(r.config("keyspaces"))
	for keyspace := range list(ctx, r, c.ListKeyspaces, &keyspaces.ListKeyspacesInput{}, "Keyspaces") {
		space := text(keyspace, "KeyspaceName")
		if strings.HasPrefix(space, "system") { // Cassandra's own tables about tables
			continue
		}
		each(ctx, r, list(ctx, r, c.ListTables, &keyspaces.ListTablesInput{KeyspaceName: &space}, "Tables"), func(item value.Value) {
			arn, name := text(item, "ResourceArn"), text(item, "TableName")
			b := r.resource(arn, "ListTables", item)
			ask(ctx, b, c.GetTable, &keyspaces.GetTableInput{KeyspaceName: &space, TableName: &name})
			askAll(ctx, b, c.ListTagsForResource, &keyspaces.ListTagsForResourceInput{ResourceArn: &arn}, "Tags")
			b.add()
		})
	}
}
