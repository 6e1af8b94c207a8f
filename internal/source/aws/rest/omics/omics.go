// Package omics asks AWS HealthOmics for its stores.
package omics

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"ward.dev/ward/internal/source/aws/rest"
)

// Client of AWS HealthOmics.
type Client struct{ *rest.Client }

// NewFromConfig returns a client.
func NewFromConfig(c aws.Config) *Client { return &Client{rest.New(c, "omics")} }

// The service answers at several hosts, by what is asked.
const (
	storage   = "control-storage-"
	analytics = "analytics-"
	tags      = "tags-"
)

// SseConfig is how a store is encrypted; it has no key where AWS keeps one.
type SseConfig struct{ Type, KeyArn string }

// Store is a sequence or a reference store.
type Store struct {
	Arn, Id, Name, Status string
	SseConfig             *SseConfig
}

// AnalyticsStore is a variant or an annotation store.
type AnalyticsStore struct {
	StoreArn, Id, Name, Status string
	SseConfig                  *SseConfig
}

// ListSequenceStoresInput asks for all.
type ListSequenceStoresInput struct{ NextToken *string }

// ListSequenceStoresOutput is one page of them.
type ListSequenceStoresOutput struct {
	SequenceStores []Store
	NextToken      *string
}

// ListSequenceStores lists the stores of what sequencers read.
func (c *Client) ListSequenceStores(ctx context.Context, in *ListSequenceStoresInput,
	_ ...rest.Option) (*ListSequenceStoresOutput, error) {
	return rest.Call[ListSequenceStoresOutput](ctx, c.Client, list(storage, "/sequencestores", in.NextToken))
}

// ListReferenceStoresInput asks for all.
type ListReferenceStoresInput struct{ NextToken *string }

// ListReferenceStoresOutput is one page of them.
type ListReferenceStoresOutput struct {
	ReferenceStores []Store
	NextToken       *string
}

// ListReferenceStores lists the stores of reference genomes.
func (c *Client) ListReferenceStores(ctx context.Context, in *ListReferenceStoresInput,
	_ ...rest.Option) (*ListReferenceStoresOutput, error) {
	return rest.Call[ListReferenceStoresOutput](ctx, c.Client, list(storage, "/referencestores", in.NextToken))
}

// ListVariantStoresInput asks for all.
type ListVariantStoresInput struct{ NextToken *string }

// ListVariantStoresOutput is one page of them.
type ListVariantStoresOutput struct {
	VariantStores []AnalyticsStore
	NextToken     *string
}

// ListVariantStores lists the stores of how genomes differ.
func (c *Client) ListVariantStores(ctx context.Context, in *ListVariantStoresInput,
	_ ...rest.Option) (*ListVariantStoresOutput, error) {
	return rest.Call[ListVariantStoresOutput](ctx, c.Client, list(analytics, "/variantStores", in.NextToken))
}

// ListAnnotationStoresInput asks for all.
type ListAnnotationStoresInput struct{ NextToken *string }

// ListAnnotationStoresOutput is one page of them.
type ListAnnotationStoresOutput struct {
	AnnotationStores []AnalyticsStore
	NextToken        *string
}

// ListAnnotationStores lists the stores of what is known of genes.
func (c *Client) ListAnnotationStores(ctx context.Context, in *ListAnnotationStoresInput,
	_ ...rest.Option) (*ListAnnotationStoresOutput, error) {
	return rest.Call[ListAnnotationStoresOutput](ctx, c.Client, list(analytics, "/annotationStores", in.NextToken))
}

func list(prefix, path string, token *string) rest.Request {
	return rest.Request{Method: http.MethodPost, Prefix: prefix, Path: path, Query: rest.Page(token)}
}

// GetSequenceStoreInput names a store by its id.
type GetSequenceStoreInput struct{ Id *string }

// S3Access is how a sequence store is reached like a bucket.
type S3Access struct{ S3Uri, S3AccessPointArn, AccessLogLocation string }

// GetSequenceStoreOutput is what is known of it.
type GetSequenceStoreOutput struct {
	Id, Arn, Name string
	S3Access      *S3Access
}

// GetSequenceStore asks about one sequence store.
func (c *Client) GetSequenceStore(ctx context.Context, in *GetSequenceStoreInput,
	_ ...rest.Option) (*GetSequenceStoreOutput, error) {
	return rest.Call[GetSequenceStoreOutput](ctx, c.Client,
		rest.Request{Prefix: storage, Path: "/sequencestore/" + rest.Escape(in.Id)})
}

// GetS3AccessPolicyInput names a store by its access point.
type GetS3AccessPolicyInput struct{ S3AccessPointArn *string }

// GetS3AccessPolicyOutput is the policy on access to it like to a bucket.
type GetS3AccessPolicyOutput struct{ S3AccessPolicy string }

// GetS3AccessPolicy asks for the policy of one store.
func (c *Client) GetS3AccessPolicy(ctx context.Context, in *GetS3AccessPolicyInput,
	_ ...rest.Option) (*GetS3AccessPolicyOutput, error) {
	return rest.Call[GetS3AccessPolicyOutput](ctx, c.Client,
		rest.Request{Prefix: storage, Path: "/s3accesspolicy/" + rest.Escape(in.S3AccessPointArn)})
}

// ListTagsForResourceInput names what the tags are asked of.
type ListTagsForResourceInput struct{ ResourceArn *string }

// ListTagsForResourceOutput are its tags.
type ListTagsForResourceOutput struct{ Tags map[string]string }

// ListTagsForResource asks for tags.
func (c *Client) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput,
	_ ...rest.Option) (*ListTagsForResourceOutput, error) {
	return rest.Call[ListTagsForResourceOutput](ctx, c.Client,
		rest.Request{Prefix: tags, Path: "/tags/" + rest.Escape(in.ResourceArn)})
}
