package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation"

	"ward.dev/ward/internal/value"
)

// grants have no name of their own: who gets them and on what makes the address.
func grants(ctx context.Context, r *region) {
	c := lakeformation.NewFromConfig(r.config("lakeformation"))
	in := &lakeformation.ListPermissionsInput{MaxResults: aws.Int32(1000)}
	for item := range list(ctx, r, c.ListPermissions, in, "PrincipalResourcePermissions") {
		what := sha256.Sum256([]byte(spelled(item.Field("Resource"))))
		address := "grant/" + text(item, "Principal", "DataLakePrincipalIdentifier") + "/" + hex.EncodeToString(what[:6])
		r.resource(r.arn("lakeformation", address), "ListPermissions", item).add()
	}
}

// spelled writes a value so that the same is always written the same.
func spelled(v value.Value) string {
	var all []string
	if items, ok := v.AsList(); ok {
		for _, item := range items {
			all = append(all, spelled(item))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	if members, ok := v.AsObject(); ok {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			all = append(all, name+":"+spelled(members[name]))
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	return fmt.Sprintf("%q", fmt.Sprint(v.Data()))
}
