package aws

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
)

// lambdaFunctions are read without GetFunction: its reply holds an address from which everyone can fetch the code.
func lambdaFunctions(ctx context.Context, r *region) {
	c := lambda.NewFromConfig(r.config("lambda"))
	each(ctx, r, list(ctx, r, c.ListFunctions, &lambda.ListFunctionsInput{}, "Functions"), func(item value.Value) {
		name, arn := text(item, "FunctionName"), text(item, "FunctionArn")
		b := r.resource(arn, "ListFunctions", with(clearEnvironment(item), "LastModified", lambdaTime(item.Field("LastModified"))))
		ask(ctx, b, c.ListTags, &lambda.ListTagsInput{Resource: &arn})
		ask(ctx, b, c.GetFunctionConcurrency, &lambda.GetFunctionConcurrencyInput{FunctionName: &name})
		askAll(ctx, b, c.ListFunctionUrlConfigs, &lambda.ListFunctionUrlConfigsInput{FunctionName: &name}, "FunctionUrlConfigs")
		askAll(ctx, b, c.ListFunctionEventInvokeConfigs, &lambda.ListFunctionEventInvokeConfigsInput{FunctionName: &name},
			"FunctionEventInvokeConfigs")
		if text(item, "PackageType") != "Image" { // an image brings its own runtime, and cannot be signed
			ask(ctx, b, c.GetFunctionCodeSigningConfig, &lambda.GetFunctionCodeSigningConfigInput{FunctionName: &name})
			ask(ctx, b, c.GetRuntimeManagementConfig, &lambda.GetRuntimeManagementConfigInput{FunctionName: &name})
		}
		lambdaPolicies(ctx, b, c, name)
		b.add()
	})
}

// lambdaTime is a time as the other services reply it.
func lambdaTime(v value.Value) value.Value {
	s, _ := v.AsString()
	if at, err := time.Parse("2006-01-02T15:04:05.000-0700", s); err == nil {
		return value.String(at.UTC().Format(time.RFC3339)).At(v.Origin())
	}
	return v
}

// clearEnvironment makes the variables absent where there are none, and unknown where Lambda could not decrypt them: the
// reply holds none then either.
func clearEnvironment(item value.Value) value.Value {
	environment := item.Field("Environment")
	fault, isText := environment.Field("Error").Field("ErrorCode").AsString()
	if variables, ok := environment.Field("Variables").AsObject(); ok && len(variables) == 0 { // all were taken away again
		return with(item, "Environment", value.None())
	}
	if !isText || environment.Field("Variables").IsKnown() {
		return item
	}
	why := value.Unresolved(value.Reason{Why: "the environment could not be decrypted: " + code(fault), Grant: "kms:Decrypt on its key"})
	return with(item, "Environment", with(environment, "Variables", why.At(environment.Origin())))
}

// lambdaPolicies keeps the policy of the function and those of its aliases as one list.
func lambdaPolicies(ctx context.Context, b *block, c *lambda.Client, name string) {
	noPolicy := none("ResourceNotFoundException")
	policies := []value.Value{ask(ctx, b, c.GetPolicy, &lambda.GetPolicyInput{FunctionName: &name}, noPolicy)}
	aliases := askAll(ctx, b, c.ListAliases, &lambda.ListAliasesInput{FunctionName: &name}, "Aliases")
	items, _ := aliases.AsList()
	for _, alias := range textsOf(items, "Name") {
		policies = append(policies, ask(ctx, b, c.GetPolicy, &lambda.GetPolicyInput{FunctionName: &name, Qualifier: &alias}, noPolicy))
	}
	all := make([]value.Value, 0, len(policies))
	more := aliases.Reasons()
	for _, p := range policies {
		if p.IsUnknown() {
			more = append(more, p.Reasons()...)
		} else if p.IsKnown() {
			all = append(all, p)
		}
	}
	made := value.None().At(policies[0].Origin())
	if len(all)+len(more) > 0 {
		made = value.List(all...).At(policies[0].Origin())
	}
	if len(more) > 0 {
		made = made.Open(more...)
	}
	b.keep("GetPolicy", made)
}

func lambdaCodeSigningConfigs(ctx context.Context, r *region) {
	c := lambda.NewFromConfig(r.config("lambda"))
	for item := range list(ctx, r, c.ListCodeSigningConfigs, &lambda.ListCodeSigningConfigsInput{}, "CodeSigningConfigs") {
		arn := text(item, "CodeSigningConfigArn")
		b := r.resource(arn, "ListCodeSigningConfigs", item)
		ask(ctx, b, c.ListTags, &lambda.ListTagsInput{Resource: &arn})
		b.add()
	}
}

func lambdaEventSourceMappings(ctx context.Context, r *region) {
	c := lambda.NewFromConfig(r.config("lambda"))
	all := list(ctx, r, c.ListEventSourceMappings, &lambda.ListEventSourceMappingsInput{}, "EventSourceMappings")
	each(ctx, r, all, func(item value.Value) {
		arn := text(item, "EventSourceMappingArn")
		if arn == "" { // older replies name it by its id only
			arn = r.arn("lambda", "event-source-mapping:"+text(item, "UUID"))
		}
		function := value.String(unqualified(text(item, "FunctionArn"))).At(item.Origin())
		b := r.resource(arn, "ListEventSourceMappings", with(item, "FunctionArn", function))
		ask(ctx, b, c.ListTags, &lambda.ListTagsInput{Resource: &arn})
		b.add()
	})
}

// unqualified is a function's ARN without the version or alias behind it.
func unqualified(arn string) string {
	if fields := strings.Split(arn, ":"); len(fields) > 7 && fields[2] == "lambda" {
		return strings.Join(fields[:7], ":")
	}
	return arn
}

// lambdaLayerPermissions makes a block of each principal of each statement in the policies of all versions of all layers.
func lambdaLayerPermissions(ctx context.Context, r *region) {
	c := lambda.NewFromConfig(r.config("lambda"))
	each(ctx, r, list(ctx, r, c.ListLayers, &lambda.ListLayersInput{}, "Layers"), func(layer value.Value) {
		name := text(layer, "LayerName")
		for version := range list(ctx, r, c.ListLayerVersions, &lambda.ListLayerVersionsInput{LayerName: &name}, "LayerVersions") {
			number, _ := version.Field("Version").Data().(int64)
			in := &lambda.GetLayerVersionPolicyInput{LayerName: &name, VersionNumber: &number}
			for reply := range list(ctx, r, c.GetLayerVersionPolicy, in, "", none("ResourceNotFoundException")) {
				lambdaLayerStatements(r, text(version, "LayerVersionArn"), reply)
			}
		}
	})
}

func lambdaLayerStatements(r *region, layer string, reply value.Value) {
	parse, _ := decode.ByName("json")
	for i, statement := range found(parse(reply.Field("Policy")), []string{"Statement"}) {
		for j, principal := range principalsOf(statement) {
			one := with(reply, "Statement", with(statement, "Principal", principal))
			r.resource(fmt.Sprintf("%s#%d.%d", layer, i+1, j+1), "GetLayerVersionPolicy", one).add()
		}
	}
}

// principalsOf are those whom a statement is for, one by one.
func principalsOf(statement value.Value) []value.Value {
	principal := statement.Field("Principal")
	if _, ok := principal.AsObject(); !ok {
		return []value.Value{principal}
	}
	var all []value.Value
	for _, key := range principal.Keys() {
		all = append(all, found(principal, []string{key})...)
	}
	return all
}
