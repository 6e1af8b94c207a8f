// Package artifact asks AWS Artifact for the agreements of an account, among them the business associate addendum.
package artifact

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"ward.dev/ward/internal/source/aws/rest"
)

// Client of AWS Artifact, which answers in us-east-1 only.
type Client struct{ *rest.Client }

// NewFromConfig returns a client.
func NewFromConfig(c aws.Config) *Client { return &Client{rest.New(c, "artifact")} }

// Agreement is one between AWS and the account or its organization.
type Agreement struct {
	Name, Arn, Id, AgreementArn, AwsAccountId, OrganizationArn, State, Type string

	EffectiveStart, EffectiveEnd *rest.Time
}

// ListCustomerAgreementsInput asks for all.
type ListCustomerAgreementsInput struct{ NextToken *string }

// ListCustomerAgreementsOutput is one page of them.
type ListCustomerAgreementsOutput struct {
	CustomerAgreements []Agreement
	NextToken          *string
}

// ListCustomerAgreements lists the agreements that hold for the account.
func (c *Client) ListCustomerAgreements(ctx context.Context, in *ListCustomerAgreementsInput,
	_ ...rest.Option) (*ListCustomerAgreementsOutput, error) {
	return rest.Call[ListCustomerAgreementsOutput](ctx, c.Client,
		rest.Request{Path: "/v1/customer-agreement/list", Query: rest.Page(in.NextToken)})
}
