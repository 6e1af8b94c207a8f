package aws

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	emrtypes "github.com/aws/aws-sdk-go-v2/service/emr/types"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	firehosetypes "github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/kafkaconnect"
	"github.com/aws/aws-sdk-go-v2/service/mwaa"
	mwaatypes "github.com/aws/aws-sdk-go-v2/service/mwaa/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"ward.dev/ward/internal/value"
)

// Replies of these services may hold passwords and keys. None of them is kept.
func TestRepliesKeepNoSecrets(t *testing.T) {
	const planted = "hunter2hunter2"
	settings := map[string]string{"database.password": planted}
	for _, reply := range []any{
		&firehose.DescribeDeliveryStreamOutput{DeliveryStreamDescription: &firehosetypes.DeliveryStreamDescription{
			Destinations: []firehosetypes.DestinationDescription{{
				SplunkDestinationDescription: &firehosetypes.SplunkDestinationDescription{HECToken: aws.String(planted)}}}}},
		&emr.DescribeClusterOutput{Cluster: &emrtypes.Cluster{KerberosAttributes: &emrtypes.KerberosAttributes{
			KdcAdminPassword: aws.String(planted), CrossRealmTrustPrincipalPassword: aws.String(planted),
			ADDomainJoinPassword: aws.String(planted)},
			Configurations: []emrtypes.Configuration{{Properties: settings}}}},
		&glue.GetConnectionsOutput{ConnectionList: []gluetypes.Connection{{ConnectionProperties: map[string]string{"PASSWORD": planted},
			SparkProperties: settings}}},
		&glue.GetJobsOutput{Jobs: []gluetypes.Job{{DefaultArguments: map[string]string{"--api-key": planted},
			NonOverridableArguments: settings}}},
		&kafkaconnect.DescribeConnectorOutput{ConnectorConfiguration: settings},
		&mwaa.GetEnvironmentOutput{Environment: &mwaatypes.Environment{AirflowConfigurationOptions: settings}},
		&sagemaker.DescribeModelOutput{PrimaryContainer: &sagemakertypes.ContainerDefinition{
			Environment: map[string]string{"DB_PASSWORD": planted}}},
	} {
		kept := reader{value.Seen(nil)}.read(reflect.ValueOf(reply), "", 0)
		if text := fmt.Sprintf("%v", written(kept)); strings.Contains(text, planted) || !strings.Contains(text, leftOut) {
			t.Errorf("%T keeps %s", reply, text)
		}
	}
}

// written is all that a value holds, as plain data.
func written(v value.Value) any {
	if items, ok := v.AsList(); ok {
		var all []any
		for _, item := range items {
			all = append(all, written(item))
		}
		return all
	}
	if fields, ok := v.AsObject(); ok {
		all := map[string]any{}
		for name, field := range fields {
			all[name] = written(field)
		}
		return all
	}
	return v.Data()
}

func TestTurnGoesOnAfterTheLastName(t *testing.T) {
	in := &firehose.ListDeliveryStreamsInput{}
	out := &firehose.ListDeliveryStreamsOutput{DeliveryStreamNames: []string{"a", "b"}, HasMoreDeliveryStreams: aws.Bool(true)}
	_, more, err := turn(reflect.ValueOf(out), reflect.ValueOf(in))
	if !more || err != nil || *in.ExclusiveStartDeliveryStreamName != "b" {
		t.Errorf("more %v, %v, after %v", more, err, in.ExclusiveStartDeliveryStreamName)
	}
	out.HasMoreDeliveryStreams = aws.Bool(false)
	if _, more, err := turn(reflect.ValueOf(out), reflect.ValueOf(in)); more || err != nil {
		t.Errorf("more %v, %v", more, err)
	}
	out = &firehose.ListDeliveryStreamsOutput{HasMoreDeliveryStreams: aws.Bool(true)}
	if _, _, err := turn(reflect.ValueOf(out), reflect.ValueOf(in)); err == nil {
		t.Error("a page without names that says that there are more is taken for the last")
	}
}
