package aws

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// replies answer the operations of services that speak JSON, by their names or paths; what is not in it is denied in AWS's words.
type replies map[string]string

func (all replies) Do(r *http.Request) (*http.Response, error) {
	operation := cmp.Or(tail(r.Header.Get("X-Amz-Target"), "."), r.URL.Path)
	status, body := http.StatusOK, all[operation]
	if body == "" {
		status, body = http.StatusBadRequest, `{"__type":"AccessDeniedException","Message":"You don't have permissions to access this resource."}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r}, nil
}

// read runs a collector in an account that is told these replies, and returns what it made.
func read(t *testing.T, id string, accounts []string, told replies, collect func(context.Context, *region)) source.Reading {
	t.Helper()
	gathered := &source.Gathered{}
	if err := gathered.Begin(source.Live{Name: "aws:" + id, Kinds: []string{"t.kind"}}); err != nil {
		t.Fatal(err)
	}
	r := testRegion()
	r.run.Sink = gathered
	for _, other := range accounts {
		r.run.accounts = append(r.run.accounts, &account{ID: other})
	}
	r.account.ID = id
	r.account.config = aws.Config{HTTPClient: told, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "s"}, nil
		})}
	collect(t.Context(), r)
	return gathered.Readings()[0]
}

const (
	described = `{"Organization":{"Id":"o-1","Arn":"arn:aws:organizations::1:organization/o-1","MasterAccountId":"1","FeatureSet":"ALL"}}`
	centers   = `{"Instances":[{"InstanceArn":"arn:aws:sso:::instance/ssoins-1","OwnerAccountId":"1"}]}`
)

// TestMemberAccounts proves that a refusal is never taken for nothing: AWS uses the same code for a member account that
// administers nothing and for an administrator without the right, so neither may conclude that there are no policies.
func TestMemberAccounts(t *testing.T) {
	for _, c := range []struct{ name, id, from string }{
		{"a member", "2", "management account or a delegated administrator"},
		{"the management account", "1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			wants := func(what, permission string, why []value.Reason) {
				t.Helper()
				if len(why) != 1 || !strings.HasPrefix(why[0].Grant, permission) || strings.Contains(why[0].Grant, "delegated") != (c.from != "") ||
					!strings.Contains(why[0].Grant, c.from) {
					t.Errorf("%s: %v", what, why)
				}
			}
			got := read(t, c.id, nil, replies{"DescribeOrganization": described}, organization)
			if len(got.Blocks) != 1 {
				t.Fatalf("%d organizations", len(got.Blocks))
			}
			if kept := got.Blocks[0].Body.Field("DescribeOrganization"); text(kept, "FeatureSet") != "ALL" {
				t.Errorf("kept %v", kept.Plain())
			}
			for _, name := range []string{"ListRoots", "ListAWSServiceAccessForOrganization", "ListDelegatedAdministrators"} {
				wants(name, "organizations:"+name, got.Blocks[0].Body.Field(name).Reasons())
			}
			got = read(t, c.id, nil, replies{"DescribeOrganization": described}, organizationPolicies)
			wants("policies", "organizations:ListPolicies", got.Partial["t.kind"])
			if len(got.Gaps) != 1 {
				t.Errorf("the same is told %d times", len(got.Gaps))
			}
			got = read(t, c.id, nil, replies{"ListInstances": centers}, permissionSets)
			wants("permission sets", "sso:ListPermissionSets", got.Partial["t.kind"])
			if got = read(t, c.id, nil, replies{"ListInstances": centers}, identityCenters); len(got.Blocks) != 1 {
				t.Errorf("%d instances", len(got.Blocks))
			}
		})
	}
}

// TestSharedIsToldOnce proves that of what all accounts of an organization share, one account of a run tells: its owner, or
// the account that the run began with if the owner is not read.
func TestSharedIsToldOnce(t *testing.T) {
	told := replies{"DescribeOrganization": described, "ListInstances": centers}
	for _, c := range []struct {
		accounts []string
		manager  string
		speaks   string
	}{
		{nil, "", "2"}, {[]string{"2"}, "1", "2"}, {[]string{"1", "2"}, "1", "1"}, {[]string{"2", "1"}, "1", "1"}, {[]string{"3", "2"}, "1", "3"},
	} {
		for _, id := range append([]string{c.speaks}, c.accounts...) {
			for name, collect := range map[string]func(context.Context, *region){"organization": organization, "Identity Center": identityCenters,
				"policies": organizationPolicies, "permission sets": permissionSets} {
				got := read(t, id, c.accounts, told, func(ctx context.Context, r *region) {
					r.run.manager = c.manager
					collect(ctx, r)
				})
				if speaks := len(got.Blocks)+len(got.Gaps) > 0; speaks != (id == c.speaks) {
					t.Errorf("%s: of %v, %s tells: %t", name, c.accounts, id, speaks)
				}
			}
		}
	}
}

// TestManager proves that the accounts of an organization tell who manages it.
func TestManager(t *testing.T) {
	for arn, want := range map[string]string{"arn:aws:organizations::1:account/o-1/2": "1", "": "", "x": ""} {
		told := replies{"ListAccounts": fmt.Sprintf(`{"Accounts":[{"Id":"2","Status":"SUSPENDED","Arn":%q}]}`, arn)}
		read(t, "9", nil, told, func(ctx context.Context, r *region) {
			if _, err := r.run.members(ctx, r.account); err != nil || r.run.manager != want {
				t.Errorf("%q: manager %q, %v", arn, r.run.manager, err)
			}
		})
	}
}

// TestCountedBuckets proves that a bucket that Macie does not count has no findings only if Macie counted all.
func TestCountedBuckets(t *testing.T) {
	for _, n := range []int{1, countedBuckets} {
		var counts []string
		for i := range n {
			counts = append(counts, fmt.Sprintf(`{"groupKey":"other-%d","count":1}`, i))
		}
		got := read(t, "1", nil, replies{"/findings/statistics": `{"countsByGroup":[` + strings.Join(counts, ",") + `]}`,
			"/datasources/s3": `{"buckets":[{"bucketName":"b"}]}`}, macieBuckets)
		if len(got.Blocks) != 1 {
			t.Fatalf("%d buckets", len(got.Blocks))
		}
		if kept := got.Blocks[0].Body.Field("GetFindingStatistics"); kept.IsUnknown() != (n == countedBuckets) || kept.IsKnown() {
			t.Errorf("of %d counted, the bucket's findings are %s", n, kept.State())
		}
	}
}
