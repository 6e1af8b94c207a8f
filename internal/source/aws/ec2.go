package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"ward.dev/ward/internal/value"
)

// thousand is the largest page that most lists of EC2 have. Without a size some would come whole.
var thousand = aws.Int32(1000)

func ec2Client(r *region) *ec2.Client { return ec2.NewFromConfig(r.config("ec2")) }

// filters is a filter of a list.
func filters(name string, values ...string) []types.Filter {
	return []types.Filter{{Name: &name, Values: values}}
}

// instances are all that still exist; terminated ones are listed for an hour more.
func ec2Instances(ctx context.Context, r *region) {
	c := ec2Client(r)
	input := &ec2.DescribeInstancesInput{MaxResults: thousand,
		Filters: filters("instance-state-name", "pending", "running", "stopping", "stopped")}
	all := slices.Collect(list(ctx, r, c.DescribeInstances, input, "Reservations.Instances"))
	images := imagesInUse(ctx, r, c, textsOf(all, "ImageId"))
	each(ctx, r, slices.Values(all), func(item value.Value) {
		id := text(item, "InstanceId")
		b := r.resource(r.arn("ec2", "instance/"+id), "DescribeInstances", item)
		b.keep("DescribeImages", images(text(item, "ImageId")))
		instanceAttributes(ctx, b, c, id)
		b.add()
	})
}

// instanceAttributes keeps what only one call for each attribute tells as one reply.
func instanceAttributes(ctx context.Context, b *block, c *ec2.Client, id string) {
	script := ask(ctx, b, c.DescribeInstanceAttribute,
		&ec2.DescribeInstanceAttributeInput{InstanceId: &id, Attribute: types.InstanceAttributeNameUserData})
	lock := ask(ctx, b, c.DescribeInstanceAttribute,
		&ec2.DescribeInstanceAttributeInput{InstanceId: &id, Attribute: types.InstanceAttributeNameDisableApiTermination})
	b.keep("DescribeInstanceAttribute", value.Object(map[string]value.Value{
		"UserData": script.Field("UserData"), "DisableApiTermination": lock.Field("DisableApiTermination")}).At(script.Origin()))
}

// imagesInUse tells of each image that instances were started from what there still is to be read of it: most belong to others.
func imagesInUse(ctx context.Context, r *region, c *ec2.Client, ids []string) func(string) value.Value {
	slices.Sort(ids)
	told := map[string]value.Value{}
	for some := range slices.Chunk(slices.Compact(ids), 200) {
		batch := lookUp(ctx, r, c.DescribeImages, &ec2.DescribeImagesInput{Filters: filters("image-id", some...),
			IncludeDeprecated: aws.Bool(true)}, "Images", "ImageId")
		for _, id := range some {
			told[id] = batch.one(id)
		}
	}
	return func(id string) value.Value {
		image, ok := told[id]
		if !ok {
			return value.Unresolved(value.Reason{Why: "the image of the instance was not told"})
		}
		return image
	}
}

func ec2Images(ctx context.Context, r *region) {
	c := ec2Client(r)
	input := &ec2.DescribeImagesInput{Owners: []string{"self"}, MaxResults: thousand, IncludeDeprecated: aws.Bool(true)}
	each(ctx, r, list(ctx, r, c.DescribeImages, input, "Images"), func(item value.Value) {
		id := text(item, "ImageId")
		b := r.resource(r.arn("ec2", "image/"+id), "DescribeImages", item)
		ask(ctx, b, c.DescribeImageAttribute,
			&ec2.DescribeImageAttributeInput{ImageId: &id, Attribute: types.ImageAttributeNameLaunchPermission}, unready(item)...)
		b.add()
	})
}

// unready are the errors that say that nobody can start from an image so far: one that is still made, or failed. Of one that
// was listed as available they say nothing of who may.
func unready(image value.Value) []absence {
	if state := text(image, "State"); state == "" || state == "available" {
		return nil
	}
	return []absence{none("InvalidAMIID.Unavailable")}
}

// launchTemplates are judged by the version that is used if none is named; the newest is a resource of its own where it is
// another. One list tells both of all templates.
func launchTemplates(ctx context.Context, r *region) {
	c := ec2Client(r)
	versions := lookUp(ctx, r, c.DescribeLaunchTemplateVersions, &ec2.DescribeLaunchTemplateVersionsInput{
		Versions: []string{"$Default", "$Latest"}, MaxResults: aws.Int32(200)}, "LaunchTemplateVersions", "LaunchTemplateId")
	input := &ec2.DescribeLaunchTemplatesInput{MaxResults: aws.Int32(200)}
	for item := range list(ctx, r, c.DescribeLaunchTemplates, input, "LaunchTemplates") {
		id := text(item, "LaunchTemplateId")
		chosen, newest := versionsOf(versions, item, id)
		b := r.resource(r.arn("ec2", "launch-template/"+id), "DescribeLaunchTemplates", item)
		b.keep("DescribeLaunchTemplateVersions", chosen)
		b.add()
		if !newest.IsAbsent() {
			later := r.resource(r.arn("ec2", "launch-template/"+id+":"+number(newest, "VersionNumber")), "DescribeLaunchTemplates", item)
			later.keep("DescribeLaunchTemplateVersions", newest)
			later.add()
		}
	}
}

// versionsOf finds the default version of a template, and its newest if that is another.
func versionsOf(versions lookup, item value.Value, id string) (chosen, newest value.Value) {
	chosen, newest = versions.rest, value.None()
	if chosen.IsAbsent() {
		chosen = value.Unresolved(value.Reason{Why: "the default version of the template was not told"})
	}
	for _, one := range versions.rows[id] {
		switch n := number(one, "VersionNumber"); n {
		case number(item, "DefaultVersionNumber"):
			chosen = one
		case number(item, "LatestVersionNumber"):
			newest = one
		}
	}
	return chosen, newest
}

func ec2Account(ctx context.Context, r *region) {
	c := ec2Client(r)
	b := regionBlock(r, "ec2", "account")
	ask(ctx, b, c.GetInstanceMetadataDefaults, &ec2.GetInstanceMetadataDefaultsInput{})
	ask(ctx, b, c.GetImageBlockPublicAccessState, &ec2.GetImageBlockPublicAccessStateInput{})
	ask(ctx, b, c.GetSerialConsoleAccessStatus, &ec2.GetSerialConsoleAccessStatusInput{})
	b.add()
}
