package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"ward.dev/ward/internal/value"
)

func ecsClusters(ctx context.Context, r *region) {
	c := ecs.NewFromConfig(r.config("ecs"))
	arns := allTexts(list(ctx, r, c.ListClusters, &ecs.ListClustersInput{}, "ClusterArns"))
	for some := range slices.Chunk(arns, 100) {
		in := &ecs.DescribeClustersInput{Clusters: some, Include: []types.ClusterField{
			types.ClusterFieldSettings, types.ClusterFieldConfigurations, types.ClusterFieldTags}}
		for item := range list(ctx, r, c.DescribeClusters, in, "Clusters") {
			if text(item, "Status") != "INACTIVE" { // deleted a while ago
				r.resource(text(item, "ClusterArn"), "DescribeClusters", item).add()
			}
		}
	}
}

// ecsEachService yields the services of all clusters.
func ecsEachService(ctx context.Context, r *region, c *ecs.Client, work func(value.Value)) {
	each(ctx, r, list(ctx, r, c.ListClusters, &ecs.ListClustersInput{}, "ClusterArns"), func(item value.Value) {
		cluster, _ := item.AsString()
		limit := int32(100)
		arns := allTexts(list(ctx, r, c.ListServices, &ecs.ListServicesInput{Cluster: &cluster, MaxResults: &limit}, "ServiceArns"))
		for some := range slices.Chunk(arns, 10) {
			in := &ecs.DescribeServicesInput{Cluster: &cluster, Services: some, Include: []types.ServiceField{types.ServiceFieldTags}}
			for service := range list(ctx, r, c.DescribeServices, in, "Services") {
				if text(service, "Status") != "INACTIVE" {
					work(service)
				}
			}
		}
	})
}

func ecsServices(ctx context.Context, r *region) {
	c := ecs.NewFromConfig(r.config("ecs"))
	images := &ecrImages{known: map[string]value.Value{}}
	ecsEachService(ctx, r, c, func(item value.Value) {
		b := r.resource(text(item, "ServiceArn"), "DescribeServices", item)
		b.keep("DescribeTasks", ecsRunning(ctx, b, c, text(item, "ClusterArn"), text(item, "ServiceName"), images))
		b.add()
	})
}

// ecsRunning lists the containers of a service's running tasks, each image once, with the time that it was pushed.
func ecsRunning(ctx context.Context, b *block, c *ecs.Client, cluster, service string, images *ecrImages) value.Value {
	arns := askAll(ctx, b, c.ListTasks, &ecs.ListTasksInput{Cluster: &cluster, ServiceName: &service}, "TaskArns")
	more := arns.Reasons()
	var all []value.Value
	seen := newOnce()
	for some := range slices.Chunk(texts(arns), 100) {
		tasks := ask(ctx, b, c.DescribeTasks, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: some})
		if tasks.IsUnknown() {
			more = append(more, tasks.Reasons()...)
			continue
		}
		for _, container := range found(tasks, []string{"Tasks", "Containers"}) {
			image, digest := text(container, "Image"), text(container, "ImageDigest")
			if seen.first(image + "@" + digest) {
				all = append(all, value.Object(map[string]value.Value{"Image": container.Field("Image"),
					"ImagePushedAt": images.pushed(ctx, b.region, image, digest)}).At(container.Origin()))
			}
		}
	}
	made := value.List(all...).At(arns.Origin())
	if len(more) > 0 {
		made = made.Open(more...)
	}
	return made
}

// ecsTaskDefinitions are the newest revision of each family and those that services run; accounts keep thousands of others
// that nobody starts any more.
func ecsTaskDefinitions(ctx context.Context, r *region) {
	c := ecs.NewFromConfig(r.config("ecs"))
	wanted := newOnce()
	families := list(ctx, r, c.ListTaskDefinitionFamilies,
		&ecs.ListTaskDefinitionFamiliesInput{Status: types.TaskDefinitionFamilyStatusActive}, "Families")
	describe := func(name string) {
		in := &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}}
		for reply := range list(ctx, r, c.DescribeTaskDefinition, in, "") {
			if arn := text(reply, "TaskDefinition", "TaskDefinitionArn"); wanted.first("made " + arn) {
				wanted.first(arn)
				r.resource(arn, "DescribeTaskDefinition", reply).add()
			}
		}
	}
	each(ctx, r, families, func(item value.Value) {
		family, _ := item.AsString()
		describe(family)
	})
	ecsEachService(ctx, r, c, func(service value.Value) {
		if arn := text(service, "TaskDefinition"); wanted.first(arn) {
			describe(arn)
		}
	})
}
