// Package medicalimaging asks AWS HealthImaging for its data stores.
package medicalimaging

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"ward.dev/ward/internal/source/aws/rest"
)

// Client of AWS HealthImaging.
type Client struct{ *rest.Client }

// NewFromConfig returns a client.
func NewFromConfig(c aws.Config) *Client { return &Client{rest.New(c, "medical-imaging")} }

// DatastoreSummary is what the list tells of a store.
type DatastoreSummary struct{ DatastoreId, DatastoreName, DatastoreStatus, DatastoreArn string }

// ListDatastoresInput asks for all.
type ListDatastoresInput struct{ NextToken *string }

// ListDatastoresOutput is one page of them.
type ListDatastoresOutput struct {
	DatastoreSummaries []DatastoreSummary
	NextToken          *string
}

// ListDatastores lists the stores of a region.
func (c *Client) ListDatastores(ctx context.Context, in *ListDatastoresInput, _ ...rest.Option) (*ListDatastoresOutput, error) {
	query := rest.Page(in.NextToken)
	query.Set("maxResults", "50")
	return rest.Call[ListDatastoresOutput](ctx, c.Client, rest.Request{Path: "/datastore", Query: query})
}

// GetDatastoreInput names a store by its id.
type GetDatastoreInput struct{ DatastoreId *string }

// Datastore is a store.
type Datastore struct{ DatastoreId, DatastoreName, DatastoreStatus, KmsKeyArn, LambdaAuthorizerArn, DatastoreArn string }

// GetDatastoreOutput is what is known of it.
type GetDatastoreOutput struct{ DatastoreProperties Datastore }

// GetDatastore asks about one store.
func (c *Client) GetDatastore(ctx context.Context, in *GetDatastoreInput, _ ...rest.Option) (*GetDatastoreOutput, error) {
	return rest.Call[GetDatastoreOutput](ctx, c.Client, rest.Request{Path: "/datastore/" + rest.Escape(in.DatastoreId)})
}

// ListTagsForResourceInput names what the tags are asked of.
type ListTagsForResourceInput struct{ ResourceArn *string }

// ListTagsForResourceOutput are its tags.
type ListTagsForResourceOutput struct{ Tags map[string]string }

// ListTagsForResource asks for tags.
func (c *Client) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput,
	_ ...rest.Option) (*ListTagsForResourceOutput, error) {
	return rest.Call[ListTagsForResourceOutput](ctx, c.Client, rest.Request{Path: "/tags/" + rest.Escape(in.ResourceArn)})
}
