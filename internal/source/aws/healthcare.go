package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/healthlake"

	"ward.dev/ward/internal/source/aws/rest/artifact"
	"ward.dev/ward/internal/source/aws/rest/medicalimaging"
	"ward.dev/ward/internal/source/aws/rest/omics"
	"ward.dev/ward/internal/value"
)

// artifactAgreements makes one block for the account: what it, or its organization, has agreed with AWS.
func artifactAgreements(ctx context.Context, r *region) {
	c := artifact.NewFromConfig(r.in("us-east-1").config("artifact"))
	b := r.resource("arn:"+r.account.Partition+":artifact::"+r.account.ID+":customer-agreements", "Account", value.None())
	b.region = r.in("us-east-1")
	askAll(ctx, b, c.ListCustomerAgreements, &artifact.ListCustomerAgreementsInput{}, "CustomerAgreements")
	b.add()
}

func healthlakeStores(ctx context.Context, r *region) {
	c := healthlake.NewFromConfig(r.config("healthlake"))
	in := &healthlake.ListFHIRDatastoresInput{}
	each(ctx, r, list(ctx, r, c.ListFHIRDatastores, in, "DatastorePropertiesList"), func(item value.Value) {
		if text(item, "DatastoreStatus") == "DELETED" {
			return
		}
		arn := text(item, "DatastoreArn")
		b := r.resource(arn, "ListFHIRDatastores", item)
		ask(ctx, b, c.ListTagsForResource, &healthlake.ListTagsForResourceInput{ResourceARN: &arn})
		b.add()
	})
}

func imagingStores(ctx context.Context, r *region) {
	c := medicalimaging.NewFromConfig(r.config("medicalimaging"))
	each(ctx, r, list(ctx, r, c.ListDatastores, &medicalimaging.ListDatastoresInput{}, "DatastoreSummaries"), func(item value.Value) {
		if text(item, "DatastoreStatus") == "DELETED" {
			return
		}
		id, arn := text(item, "DatastoreId"), text(item, "DatastoreArn")
		b := r.resource(arn, "ListDatastores", item)
		ask(ctx, b, c.GetDatastore, &medicalimaging.GetDatastoreInput{DatastoreId: &id})
		ask(ctx, b, c.ListTagsForResource, &medicalimaging.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}

// omicsStores are of four types. Only those of sequences are reached like a bucket.
func omicsStores(ctx context.Context, r *region) {
	c := omics.NewFromConfig(r.config("omics"))
	each(ctx, r, list(ctx, r, c.ListSequenceStores, &omics.ListSequenceStoresInput{}, "SequenceStores"), func(item value.Value) {
		id := text(item, "Id")
		b := r.resource(text(item, "Arn"), "ListSequenceStores", item)
		store := ask(ctx, b, c.GetSequenceStore, &omics.GetSequenceStoreInput{Id: &id})
		if point := text(store, "S3Access", "S3AccessPointArn"); point != "" {
			ask(ctx, b, c.GetS3AccessPolicy, &omics.GetS3AccessPolicyInput{S3AccessPointArn: &point}, none("ResourceNotFoundException"))
		} else if store.IsUnknown() {
			b.keep("GetS3AccessPolicy", store)
		}
		omicsTags(ctx, b, c)
	})
	others := map[string]iter.Seq[value.Value]{
		"ListReferenceStores":  list(ctx, r, c.ListReferenceStores, &omics.ListReferenceStoresInput{}, "ReferenceStores"),
		"ListVariantStores":    list(ctx, r, c.ListVariantStores, &omics.ListVariantStoresInput{}, "VariantStores"),
		"ListAnnotationStores": list(ctx, r, c.ListAnnotationStores, &omics.ListAnnotationStoresInput{}, "AnnotationStores"),
	}
	for operation, stores := range others {
		each(ctx, r, stores, func(item value.Value) {
			b := r.resource(text(item, "Arn")+text(item, "StoreArn"), operation, item) // it has one of them
			omicsTags(ctx, b, c)
		})
	}
}

// omicsTags ends a block with its tags.
func omicsTags(ctx context.Context, b *block, c *omics.Client) {
	ask(ctx, b, c.ListTagsForResource, &omics.ListTagsForResourceInput{ResourceArn: &b.address})
	b.add()
}
