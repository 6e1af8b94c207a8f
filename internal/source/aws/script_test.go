package aws

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
)

// TestScriptsAreLeftOut proves that of start scripts and of the headers that only an origin should know nothing is kept, and
// that it can still be seen that a script holds a secret.
func TestScriptsAreLeftOut(t *testing.T) {
	const planted = "hunter2hunter2"
	script := aws.String(base64.StdEncoding.EncodeToString([]byte("export DB_PASSWORD=" + planted + "\n")))
	replies := map[string]any{
		"UserData.Value": &ec2.DescribeInstanceAttributeOutput{UserData: &types.AttributeValue{Value: script}},
		"LaunchTemplateVersions.LaunchTemplateData.UserData": &ec2.DescribeLaunchTemplateVersionsOutput{
			LaunchTemplateVersions: []types.LaunchTemplateVersion{{LaunchTemplateData: &types.ResponseLaunchTemplateData{UserData: script}}}},
		"LaunchConfigurations.UserData": &autoscaling.DescribeLaunchConfigurationsOutput{
			LaunchConfigurations: []autoscalingtypes.LaunchConfiguration{{UserData: script}}},
		"Distribution.DistributionConfig.Origins.Items.CustomHeaders.Items.HeaderValue": &cloudfront.GetDistributionOutput{
			Distribution: &cloudfronttypes.Distribution{DistributionConfig: &cloudfronttypes.DistributionConfig{
				Origins: &cloudfronttypes.Origins{Items: []cloudfronttypes.Origin{{CustomHeaders: &cloudfronttypes.CustomHeaders{
					Items: []cloudfronttypes.OriginCustomHeader{{HeaderName: aws.String("X-Origin"), HeaderValue: aws.String(planted)}}}}}}}}},
		"VpnConnections.Options.TunnelOptions.PreSharedKey": &ec2.DescribeVpnConnectionsOutput{VpnConnections: []types.VpnConnection{{
			Options: &types.VpnConnectionOptions{TunnelOptions: []types.TunnelOption{{PreSharedKey: aws.String(planted)}}}}}},
	}
	lines, _ := decode.ByName("secret.lines")
	for path, reply := range replies {
		read := reader{value.Seen(&value.Origin{})}.read(reflect.ValueOf(reply), "", 0)
		kept := found(read, strings.Split(path, "."))
		if len(kept) != 1 {
			t.Fatalf("%s: %d texts", path, len(kept))
		}
		if text, _ := kept[0].AsString(); text == "" || text == planted || text == *script {
			t.Errorf("%s: kept %q", path, text)
		}
		if last := tail(path, "."); last == "UserData" || last == "Value" {
			if names, _ := lines(kept[0]).AsList(); len(names) != 1 {
				t.Errorf("%s: the secret cannot be seen any more", path)
			}
		}
	}
}
