package aws

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/apprunner"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"

	"ward.dev/ward/internal/value"
)

// batchJobDefinitions are the newest active revision of each definition.
func batchJobDefinitions(ctx context.Context, r *region) {
	c := batch.NewFromConfig(r.config("batch"))
	active := "ACTIVE"
	newest := map[string]value.Value{}
	for item := range list(ctx, r, c.DescribeJobDefinitions, &batch.DescribeJobDefinitionsInput{Status: &active}, "JobDefinitions") {
		name := text(item, "JobDefinitionName")
		if before, ok := newest[name]; !ok || revision(item) > revision(before) {
			newest[name] = item
		}
	}
	for _, name := range slices.Sorted(maps.Keys(newest)) {
		r.resource(text(newest[name], "JobDefinitionArn"), "DescribeJobDefinitions", newest[name]).add()
	}
}

func revision(item value.Value) int64 {
	n, _ := item.Field("Revision").Data().(int64)
	return n
}

func appRunnerServices(ctx context.Context, r *region) {
	c := apprunner.NewFromConfig(r.config("apprunner"))
	firewall := wafv2.NewFromConfig(r.config("wafv2"))
	each(ctx, r, list(ctx, r, c.ListServices, &apprunner.ListServicesInput{}, "ServiceSummaryList"), func(item value.Value) {
		arn := text(item, "ServiceArn")
		b := r.resource(arn, "ListServices", item)
		ask(ctx, b, c.DescribeService, &apprunner.DescribeServiceInput{ServiceArn: &arn})
		ask(ctx, b, c.ListTagsForResource, &apprunner.ListTagsForResourceInput{ResourceArn: &arn})
		ask(ctx, b, firewall.GetWebACLForResource, &wafv2.GetWebACLForResourceInput{ResourceArn: &arn})
		b.add()
	})
}

func beanstalkEnvironments(ctx context.Context, r *region) {
	c := elasticbeanstalk.NewFromConfig(r.config("elasticbeanstalk"))
	kept, page := false, int32(1000)
	in := &elasticbeanstalk.DescribeEnvironmentsInput{IncludeDeleted: &kept, MaxRecords: &page}
	all := list(ctx, r, c.DescribeEnvironments, in, "Environments")
	each(ctx, r, all, func(item value.Value) {
		if text(item, "Status") == "Terminated" {
			return
		}
		application, name, arn := text(item, "ApplicationName"), text(item, "EnvironmentName"), text(item, "EnvironmentArn")
		b := r.resource(arn, "DescribeEnvironments", item)
		ask(ctx, b, c.DescribeConfigurationSettings, &elasticbeanstalk.DescribeConfigurationSettingsInput{
			ApplicationName: &application, EnvironmentName: &name})
		ask(ctx, b, c.ListTagsForResource, &elasticbeanstalk.ListTagsForResourceInput{ResourceArn: &arn})
		if platform := text(item, "PlatformArn"); platform != "" {
			ask(ctx, b, c.DescribePlatformVersion, &elasticbeanstalk.DescribePlatformVersionInput{PlatformArn: &platform})
		}
		b.add()
	})
}

func beanstalkTemplates(ctx context.Context, r *region) {
	c := elasticbeanstalk.NewFromConfig(r.config("elasticbeanstalk"))
	for item := range list(ctx, r, c.DescribeApplications, &elasticbeanstalk.DescribeApplicationsInput{}, "Applications") {
		application := text(item, "ApplicationName")
		for _, name := range texts(item.Field("ConfigurationTemplates")) {
			b := r.resource(r.arn("elasticbeanstalk", "configurationtemplate/"+application+"/"+name), "DescribeApplications",
				with(item, "TemplateName", value.String(name).At(item.Origin())))
			ask(ctx, b, c.DescribeConfigurationSettings, &elasticbeanstalk.DescribeConfigurationSettingsInput{
				ApplicationName: &application, TemplateName: &name})
			b.add()
		}
	}
}
