package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/workspaces"
	"github.com/aws/aws-sdk-go-v2/service/workspacesweb"

	"ward.dev/ward/internal/value"
)

func desktops(ctx context.Context, r *region) {
	c := workspaces.NewFromConfig(r.config("workspaces"))
	each(ctx, r, list(ctx, r, c.DescribeWorkspaces, &workspaces.DescribeWorkspacesInput{}, "Workspaces"), func(item value.Value) {
		r.desktopThing(ctx, c, "workspace/"+text(item, "WorkspaceId"), "DescribeWorkspaces", item)
	})
}

func desktopDirectories(ctx context.Context, r *region) {
	c := workspaces.NewFromConfig(r.config("workspaces"))
	all := list(ctx, r, c.DescribeWorkspaceDirectories, &workspaces.DescribeWorkspaceDirectoriesInput{}, "Directories")
	each(ctx, r, all, func(item value.Value) {
		r.desktopThing(ctx, c, "directory/"+text(item, "DirectoryId"), "DescribeWorkspaceDirectories", item)
	})
}

func addressGroups(ctx context.Context, r *region) {
	c := workspaces.NewFromConfig(r.config("workspaces"))
	each(ctx, r, list(ctx, r, c.DescribeIpGroups, &workspaces.DescribeIpGroupsInput{}, "Result"), func(item value.Value) {
		r.desktopThing(ctx, c, "workspaceipgroup/"+text(item, "GroupId"), "DescribeIpGroups", item)
	})
}

// desktopThing adds a block for something that WorkSpaces tells whole in its list, with its tags.
func (r *region) desktopThing(ctx context.Context, c *workspaces.Client, name, operation string, item value.Value) {
	b := r.resource(r.arn("workspaces", name), operation, item)
	id := tail(name, "/")
	ask(ctx, b, c.DescribeTags, &workspaces.DescribeTagsInput{ResourceId: &id})
	b.add()
}

func browserSettings(ctx context.Context, r *region) {
	c := workspacesweb.NewFromConfig(r.config("workspacesweb"))
	each(ctx, r, list(ctx, r, c.ListUserSettings, &workspacesweb.ListUserSettingsInput{}, "UserSettings"), func(item value.Value) {
		arn := text(item, "UserSettingsArn")
		b := r.resource(arn, "ListUserSettings", item)
		ask(ctx, b, c.GetUserSettings, &workspacesweb.GetUserSettingsInput{UserSettingsArn: &arn})
		ask(ctx, b, c.ListTagsForResource, &workspacesweb.ListTagsForResourceInput{ResourceArn: &arn})
		b.add()
	})
}
