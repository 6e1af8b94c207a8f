package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"ward.dev/ward/internal/value"
)

// defaultBus is the bus that every region of every account has. Nobody makes it, so it is no resource of its own; who may
// send to it is.
const defaultBus = "default"

func eventBuses(ctx context.Context, r *region) {
	c := eventbridge.NewFromConfig(r.config("eventbridge"))
	tags := tagged(ctx, r, "events:event-bus")
	each(ctx, r, listBuses(ctx, r, c), func(item value.Value) {
		name, arn := text(item, "Name"), text(item, "Arn")
		if name == defaultBus {
			return
		}
		b := r.resource(arn, "ListEventBuses", item)
		ask(ctx, b, c.DescribeEventBus, &eventbridge.DescribeEventBusInput{Name: &name})
		askAll(ctx, b, c.ListArchives, &eventbridge.ListArchivesInput{EventSourceArn: &arn}, "Archives")
		tags.label(b, arn)
		b.add()
	})
}

func listBuses(ctx context.Context, r *region, c *eventbridge.Client) iter.Seq[value.Value] {
	return list(ctx, r, c.ListEventBuses, &eventbridge.ListEventBusesInput{Limit: aws.Int32(100)}, "EventBuses")
}

// busPolicies reads the policy of the default bus, if it has one; those of others are told with them.
func busPolicies(ctx context.Context, r *region) {
	c := eventbridge.NewFromConfig(r.config("eventbridge"))
	in := &eventbridge.DescribeEventBusInput{Name: aws.String(defaultBus)}
	for item := range list(ctx, r, c.DescribeEventBus, in, "") {
		if !item.Field("Policy").IsAbsent() {
			r.resource(r.arn("events", "event-bus/"+defaultBus+"/policy"), "DescribeEventBus", item).add()
		}
	}
}

func eventRules(ctx context.Context, r *region) {
	c := eventbridge.NewFromConfig(r.config("eventbridge"))
	tags := tagged(ctx, r, "events:rule")
	for bus := range listBuses(ctx, r, c) {
		name := text(bus, "Name")
		rules := list(ctx, r, c.ListRules, &eventbridge.ListRulesInput{EventBusName: &name, Limit: aws.Int32(100)}, "Rules")
		each(ctx, r, rules, func(item value.Value) {
			arn, rule := text(item, "Arn"), text(item, "Name")
			b := r.resource(arn, "ListRules", item)
			if name != defaultBus {
				b.keep("Bus", bus.Field("Arn"))
			}
			askAll(ctx, b, c.ListTargetsByRule, &eventbridge.ListTargetsByRuleInput{Rule: &rule, EventBusName: &name}, "Targets")
			tags.label(b, arn)
			b.add()
		})
	}
}

func schedules(ctx context.Context, r *region) {
	c := scheduler.NewFromConfig(r.config("scheduler"))
	all := list(ctx, r, c.ListSchedules, &scheduler.ListSchedulesInput{MaxResults: aws.Int32(100)}, "Schedules")
	each(ctx, r, all, func(item value.Value) {
		name, group := text(item, "Name"), text(item, "GroupName")
		b := r.resource(text(item, "Arn"), "ListSchedules", item)
		ask(ctx, b, c.GetSchedule, &scheduler.GetScheduleInput{Name: &name, GroupName: &group})
		b.add()
	})
}

func eventPipes(ctx context.Context, r *region) {
	c := pipes.NewFromConfig(r.config("pipes"))
	each(ctx, r, list(ctx, r, c.ListPipes, &pipes.ListPipesInput{Limit: aws.Int32(100)}, "Pipes"), func(item value.Value) {
		name := text(item, "Name")
		b := r.resource(text(item, "Arn"), "ListPipes", item)
		ask(ctx, b, c.DescribePipe, &pipes.DescribePipeInput{Name: &name})
		b.add()
	})
}
