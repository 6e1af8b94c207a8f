package aws

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"

	"ward.dev/ward/internal/value"
)

func ecrRepositories(ctx context.Context, r *region) {
	c := ecr.NewFromConfig(r.config("ecr"))
	all := slices.Collect(list(ctx, r, c.DescribeRepositories, &ecr.DescribeRepositoriesInput{}, "Repositories"))
	for some := range slices.Chunk(all, 25) { // as many as one call about scanning takes
		scanning := aboutEach(ctx, r, c.BatchGetRepositoryScanningConfiguration, &ecr.BatchGetRepositoryScanningConfigurationInput{
			RepositoryNames: textsOf(some, "RepositoryName")}, "ScanningConfigurations", "RepositoryName")
		each(ctx, r, slices.Values(some), func(item value.Value) {
			name, arn := text(item, "RepositoryName"), text(item, "RepositoryArn")
			b := r.resource(arn, "DescribeRepositories", item)
			b.keep("BatchGetRepositoryScanningConfiguration", scanning(name))
			ask(ctx, b, c.ListTagsForResource, &ecr.ListTagsForResourceInput{ResourceArn: &arn})
			ask(ctx, b, c.GetRepositoryPolicy, &ecr.GetRepositoryPolicyInput{RepositoryName: &name}, none("RepositoryPolicyNotFoundException"))
			ask(ctx, b, c.GetLifecyclePolicy, &ecr.GetLifecyclePolicyInput{RepositoryName: &name}, none("LifecyclePolicyNotFoundException"))
			ecrNewestImage(ctx, b, c, name)
			b.add()
		})
	}
}

// ecrNewestImage keeps the image that was pushed last, and what its scan found. Lists of images for several processors and
// what is no image, such as charts and signatures, are passed over.
func ecrNewestImage(ctx context.Context, b *block, c *ecr.Client, repository string) {
	page := int32(1000)
	all := askAll(ctx, b, c.DescribeImages, &ecr.DescribeImagesInput{RepositoryName: &repository, MaxResults: &page}, "ImageDetails")
	if all.IsUnknown() || all.IsOpen() {
		b.keep("DescribeImages", value.Unresolved(all.Reasons()...).At(all.Origin()))
		b.keep("DescribeImageScanFindings", value.Unresolved(all.Reasons()...).At(all.Origin()))
		return
	}
	newest := value.None().At(all.Origin())
	images, _ := all.AsList()
	for _, image := range images {
		kind := text(image, "ImageManifestMediaType")
		isList := strings.Contains(kind, "manifest.list") || strings.Contains(kind, "image.index")
		artifact := text(image, "ArtifactMediaType")
		isOther := strings.HasPrefix(artifact, "application/") && !strings.Contains(artifact, "image")
		if !isList && !isOther && (newest.IsAbsent() || text(image, "ImagePushedAt") > text(newest, "ImagePushedAt")) {
			newest = image
		}
	}
	b.keep("DescribeImages", newest)
	if newest.IsAbsent() {
		return
	}
	digest, few := text(newest, "ImageDigest"), int32(1)
	ask(ctx, b, c.DescribeImageScanFindings, &ecr.DescribeImageScanFindingsInput{RepositoryName: &repository,
		ImageId: &types.ImageIdentifier{ImageDigest: &digest}, MaxResults: &few}, none("ScanNotFoundException"))
}

func ecrRegistryPolicy(ctx context.Context, r *region) {
	c := ecr.NewFromConfig(r.config("ecr"))
	for reply := range list(ctx, r, c.GetRegistryPolicy, &ecr.GetRegistryPolicyInput{}, "", none("RegistryPolicyNotFoundException")) {
		r.resource(r.arn("ecr", "registry-policy"), "GetRegistryPolicy", reply).add()
	}
}

// ecrRegistryScanning is told of registries that hold anything: every region has one, most are empty.
func ecrRegistryScanning(ctx context.Context, r *region) {
	c := ecr.NewFromConfig(r.config("ecr"))
	for range list(ctx, r, c.DescribeRepositories, &ecr.DescribeRepositoriesInput{}, "Repositories") {
		for reply := range list(ctx, r, c.GetRegistryScanningConfiguration, &ecr.GetRegistryScanningConfigurationInput{}, "") {
			r.resource(r.arn("ecr", "registry-scanning"), "GetRegistryScanningConfiguration", reply).add()
		}
		return
	}
}

// ecrPublicRepositories are the same in all regions; only one answers.
func ecrPublicRepositories(ctx context.Context, r *region) {
	if r.account.Partition != "aws" {
		return // there are none elsewhere
	}
	r = r.in("us-east-1")
	c := ecrpublic.NewFromConfig(r.config("ecrpublic"))
	for item := range list(ctx, r, c.DescribeRepositories, &ecrpublic.DescribeRepositoriesInput{}, "Repositories") {
		arn := text(item, "RepositoryArn")
		b := r.resource(arn, "DescribeRepositories", item)
		ask(ctx, b, c.ListTagsForResource, &ecrpublic.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	}
}

// ecrImages remembers when images were pushed: many containers run the same.
type ecrImages struct {
	mu    sync.Mutex
	known map[string]value.Value
}

var ecrImage = regexp.MustCompile(`^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)`)

// pushed asks the registry that an image comes from when it was pushed. It is absent where that is not ECR.
func (e *ecrImages) pushed(ctx context.Context, r *region, image, digest string) value.Value {
	m := ecrImage.FindStringSubmatch(image)
	if m == nil && r.run.rehearsal != nil {
		m = []string{"", r.account.ID, r.name, image}
	}
	if m == nil || digest == "" {
		return value.None()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	key := strings.Join(append(m[1:], digest), "/")
	at, ok := e.known[key]
	if !ok {
		at = r.in(m[2]).ecrPushed(ctx, m[1], m[3], digest)
		e.known[key] = at
	}
	return at
}

func (r *region) ecrPushed(ctx context.Context, registry, repository, digest string) value.Value {
	c := ecr.NewFromConfig(r.config("ecr"))
	reply, _, err := send(ctx, r, c.DescribeImages, &ecr.DescribeImagesInput{RegistryId: &registry, RepositoryName: &repository,
		ImageIds: []types.ImageIdentifier{{ImageDigest: &digest}}})
	if err != nil {
		return r.told(reply, "ecr", "DescribeImages", err, nil)
	}
	for _, image := range found(reply, []string{"ImageDetails"}) {
		return image.Field("ImagePushedAt")
	}
	return value.Unresolved(value.Reason{Why: "the image is no longer in its registry"}).At(reply.Origin())
}
