package aws

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apprunner"
	apprunnertypes "github.com/aws/aws-sdk-go-v2/service/apprunner/types"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	batchtypes "github.com/aws/aws-sdk-go-v2/service/batch/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	codebuildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	codepipelinetypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	beanstalktypes "github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
)

// TestProgramSecrets proves that no secret in the settings of a program is kept, wherever its service replies it.
func TestProgramSecrets(t *testing.T) {
	planted, password, all := "planted-secret", "DB_PASSWORD", "EnvironmentVariables"
	list, address := "A=b,DB_PASSWORD="+planted, "https://user:"+planted+"@github.com/clinic/chart"
	variables := map[string]string{password: planted}
	container := ecstypes.ContainerDefinition{Command: []string{"--password", planted}, EntryPoint: []string{planted},
		Environment:      []ecstypes.KeyValuePair{{Name: &password, Value: &planted}},
		LogConfiguration: &ecstypes.LogConfiguration{Options: map[string]string{"splunk-token": planted}},
		DockerLabels:     variables}
	for _, reply := range []any{
		&lambda.ListFunctionsOutput{Functions: []lambdatypes.FunctionConfiguration{{
			Environment:         &lambdatypes.EnvironmentResponse{Variables: variables},
			ImageConfigResponse: &lambdatypes.ImageConfigResponse{ImageConfig: &lambdatypes.ImageConfig{Command: []string{planted}}}}}},
		&ecs.DescribeTaskDefinitionOutput{TaskDefinition: &ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{container}}},
		&batch.DescribeJobDefinitionsOutput{JobDefinitions: []batchtypes.JobDefinition{{Parameters: variables,
			ContainerProperties: &batchtypes.ContainerProperties{Command: []string{planted},
				Environment: []batchtypes.KeyValuePair{{Name: &password, Value: &planted}}}}}},
		&apprunner.DescribeServiceOutput{Service: &apprunnertypes.Service{SourceConfiguration: &apprunnertypes.SourceConfiguration{
			ImageRepository: &apprunnertypes.ImageRepository{ImageConfiguration: &apprunnertypes.ImageConfiguration{
				RuntimeEnvironmentVariables: variables}}}}},
		&codebuild.BatchGetProjectsOutput{Projects: []codebuildtypes.Project{{
			Source:      &codebuildtypes.ProjectSource{Location: &address, Buildspec: &planted},
			Webhook:     &codebuildtypes.Webhook{Secret: &planted},
			Environment: &codebuildtypes.ProjectEnvironment{EnvironmentVariables: []codebuildtypes.EnvironmentVariable{{Name: &password, Value: &planted}}}}}},
		&codepipeline.GetPipelineOutput{Pipeline: &codepipelinetypes.PipelineDeclaration{Stages: []codepipelinetypes.StageDeclaration{{
			Actions: []codepipelinetypes.ActionDeclaration{{Configuration: map[string]string{"OAuthToken": planted}}}}}}},
		&elasticbeanstalk.DescribeConfigurationSettingsOutput{ConfigurationSettings: []beanstalktypes.ConfigurationSettingsDescription{{
			OptionSettings: []beanstalktypes.ConfigurationOptionSetting{{OptionName: &password, Value: &planted}, {OptionName: &all, Value: &list}}}}},
	} {
		kept, err := json.Marshal(reader{}.read(reflect.ValueOf(reply), "", 0).Plain())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(kept), planted) || !strings.Contains(string(kept), leftOut) {
			t.Errorf("%T: kept %s", reply, kept)
		}
	}
}

// TestMaskedSecretsAreFound proves that what was left out still counts as a secret in clear.
func TestMaskedSecretsAreFound(t *testing.T) {
	name, planted := "DB_PASSWORD", "planted-secret"
	names, _ := decode.ByName("secret.names")
	for _, environment := range []any{map[string]string{name: planted}, []ecstypes.KeyValuePair{{Name: &name, Value: &planted}}} {
		found := names(reader{}.read(reflect.ValueOf(environment), "Environment", 0))
		if got := texts(found); len(got) != 1 || got[0] != name {
			t.Errorf("%T: found %v", environment, got)
		}
	}
}

// TestClearEnvironment proves that an environment which Lambda could not decrypt is not taken for none.
func TestClearEnvironment(t *testing.T) {
	denied := "AccessDeniedException"
	read := func(e *lambdatypes.EnvironmentResponse) value.Value {
		item := reader{}.read(reflect.ValueOf(lambdatypes.FunctionConfiguration{Environment: e}), "", 0)
		return clearEnvironment(item).Field("Environment").Field("Variables")
	}
	if v := read(&lambdatypes.EnvironmentResponse{Error: &lambdatypes.EnvironmentError{ErrorCode: &denied}}); !v.IsUnknown() {
		t.Errorf("not decrypted: %v", v.State())
	}
	if v := read(&lambdatypes.EnvironmentResponse{Variables: map[string]string{}}); !v.IsAbsent() {
		t.Errorf("empty: %v", v.State())
	}
	if v := read(&lambdatypes.EnvironmentResponse{Variables: map[string]string{"A": "b"}}); !v.IsKnown() {
		t.Errorf("one variable: %v", v.State())
	}
}

func TestWordsOfServices(t *testing.T) {
	inner := "arn:aws:lambda:eu-west-1:123456789012:function:chart"
	outer := "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + inner + "/invocations"
	if got := texts(arnsIn(outer)); len(got) == 0 || got[len(got)-1] != inner {
		t.Errorf("arnsIn(%q) = %q", outer, got)
	}
	if got := unqualified(inner + ":live"); got != inner {
		t.Errorf("unqualified: %q", got)
	}
	if got, _ := unescaped(value.String(`{\"Version\":\"2012-10-17\"}`)).AsString(); got != `{"Version":"2012-10-17"}` {
		t.Errorf("unescaped: %q", got)
	}
	if got, _ := lambdaTime(value.String("2026-01-02T03:04:05.678+0000")).AsString(); got != "2026-01-02T03:04:05Z" {
		t.Errorf("lambdaTime: %q", got)
	}
	for release, want := range map[string]string{"1.33.5-20251103": "2025-11-03T00:00:00Z", "1.33-2025.11.21": "2025-11-21T00:00:00Z", "1.20.4-6bb1d8de": ""} {
		group := value.Object(map[string]value.Value{"ReleaseVersion": value.String(release)})
		if got, _ := eksReleased(group).AsString(); got != want {
			t.Errorf("released %s: %q", release, got)
		}
	}
}
