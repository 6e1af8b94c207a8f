package aws

import (
	"context"
	"regexp"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"ward.dev/ward/internal/value"
)

func eksClusters(ctx context.Context, r *region) {
	c := eks.NewFromConfig(r.config("eks"))
	all := true
	versions := sync.OnceValue(func() func(string) value.Value { // nobody asks where there is no cluster
		in := &eks.DescribeClusterVersionsInput{IncludeAll: &all}
		return aboutEach(ctx, r, c.DescribeClusterVersions, in, "ClusterVersions", "ClusterVersion")
	})
	eksEachCluster(ctx, r, c, func(name string) {
		b := r.resource(r.arn("eks", "cluster/"+name), "ListClusters", value.String(name).At(r.origin("eks", "ListClusters")))
		cluster := ask(ctx, b, c.DescribeCluster, &eks.DescribeClusterInput{Name: &name}).Field("Cluster")
		b.keep("DescribeCluster", cluster)
		if cluster.IsUnknown() {
			b.keep("DescribeClusterVersions", cluster)
		} else {
			b.keep("DescribeClusterVersions", versions()(text(cluster, "Version")))
		}
		b.add()
	})
}

func eksEachCluster(ctx context.Context, r *region, c *eks.Client, work func(name string)) {
	each(ctx, r, list(ctx, r, c.ListClusters, &eks.ListClustersInput{}, "Clusters"), func(item value.Value) {
		name, _ := item.AsString()
		work(name)
	})
}

func eksNodeGroups(ctx context.Context, r *region) {
	c := eks.NewFromConfig(r.config("eks"))
	eksEachCluster(ctx, r, c, func(cluster string) {
		for _, name := range allTexts(list(ctx, r, c.ListNodegroups, &eks.ListNodegroupsInput{ClusterName: &cluster}, "Nodegroups")) {
			in := &eks.DescribeNodegroupInput{ClusterName: &cluster, NodegroupName: &name}
			for item := range list(ctx, r, c.DescribeNodegroup, in, "Nodegroup") {
				r.resource(text(item, "NodegroupArn"), "DescribeNodegroup", with(item, "Released", eksReleased(item))).add()
			}
		}
	})
}

var releaseDay = regexp.MustCompile(`-(20\d\d)[.]?([01]\d)[.]?([0-3]\d)$`)

// eksReleased is the day on which the image of the nodes was released. Images of Amazon Linux and Windows have it in the
// names of their releases: "1.33.5-20251103", "1.33-2025.11.21".
func eksReleased(group value.Value) value.Value {
	m := releaseDay.FindStringSubmatch(text(group, "ReleaseVersion"))
	if m == nil {
		why := value.Reason{Why: "the release of images of the type " + code(text(group, "AmiType")) + " does not say its day"}
		return value.Unresolved(why).At(group.Origin())
	}
	return value.String(m[1] + "-" + m[2] + "-" + m[3] + "T00:00:00Z").At(group.Origin())
}

func eksAccess(ctx context.Context, r *region) {
	c := eks.NewFromConfig(r.config("eks"))
	old := noneIf("InvalidRequestException", "authentication mode") // the cluster keeps its grants in itself
	eksEachCluster(ctx, r, c, func(cluster string) {
		entries := list(ctx, r, c.ListAccessEntries, &eks.ListAccessEntriesInput{ClusterName: &cluster}, "AccessEntries", old)
		for _, principal := range allTexts(entries) {
			in := &eks.DescribeAccessEntryInput{ClusterName: &cluster, PrincipalArn: &principal}
			for item := range list(ctx, r, c.DescribeAccessEntry, in, "AccessEntry") {
				b := r.resource(text(item, "AccessEntryArn"), "DescribeAccessEntry", item)
				askAll(ctx, b, c.ListAssociatedAccessPolicies, &eks.ListAssociatedAccessPoliciesInput{
					ClusterName: &cluster, PrincipalArn: &principal}, "AssociatedAccessPolicies")
				b.add()
			}
		}
	})
}

func eksPodIdentities(ctx context.Context, r *region) {
	c := eks.NewFromConfig(r.config("eks"))
	eksEachCluster(ctx, r, c, func(cluster string) {
		in := &eks.ListPodIdentityAssociationsInput{ClusterName: &cluster}
		for item := range list(ctx, r, c.ListPodIdentityAssociations, in, "Associations") {
			id := text(item, "AssociationId")
			b := r.resource(text(item, "AssociationArn"), "ListPodIdentityAssociations", item)
			ask(ctx, b, c.DescribePodIdentityAssociation, &eks.DescribePodIdentityAssociationInput{ClusterName: &cluster, AssociationId: &id})
			b.add()
		}
	})
}
