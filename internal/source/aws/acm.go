package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"ward.dev/ward/internal/value"
)

// certificates are those of Certificate Manager in every region, and those that IAM holds for all regions.
func certificates(ctx context.Context, r *region) {
	c := acm.NewFromConfig(r.config("acm"))
	in := &acm.ListCertificatesInput{MaxItems: aws.Int32(1000), // without the types of keys only RSA of up to 2048 bits is listed
		Includes: &types.Filters{KeyTypes: types.KeyAlgorithm("").Values()}}
	each(ctx, r, list(ctx, r, c.ListCertificates, in, "CertificateSummaryList"), func(item value.Value) {
		arn := text(item, "CertificateArn")
		b := r.resource(arn, "ListCertificates", item)
		ask(ctx, b, c.DescribeCertificate, &acm.DescribeCertificateInput{CertificateArn: &arn})
		ask(ctx, b, c.ListTagsForCertificate, &acm.ListTagsForCertificateInput{CertificateArn: &arn})
		b.add()
	})
	if r.first {
		serverCertificates(ctx, r)
	}
}

func serverCertificates(ctx context.Context, r *region) {
	c := iam.NewFromConfig(r.config("iam"))
	each(ctx, r, list(ctx, r, c.ListServerCertificates,
		&iam.ListServerCertificatesInput{}, "ServerCertificateMetadataList"), func(item value.Value) {
		name := text(item, "ServerCertificateName")
		b := r.resource(text(item, "Arn"), "ListServerCertificates", item)
		askAll(ctx, b, c.ListServerCertificateTags, &iam.ListServerCertificateTagsInput{ServerCertificateName: &name}, "Tags")
		b.add()
	})
}
