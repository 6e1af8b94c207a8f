package aws

// prefixes are the services whose IAM prefix is not the name of their SDK package.
var prefixes = map[string]string{
	"accessanalyzer": "access-analyzer", "acmpca": "acm-pca", "applicationautoscaling": "application-autoscaling",
	"apigatewayv2": "apigateway", "bedrockagent": "bedrock", "cloudhsmv2": "cloudhsm", "cloudwatchlogs": "logs",
	"cognitoidentity": "cognito-identity", "cognitoidentityprovider": "cognito-idp", "configservice": "config",
	"costoptimizationhub": "cost-optimization-hub", "databasemigrationservice": "dms", "directoryservice": "ds", "docdb": "rds",
	"docdbelastic": "docdb-elastic", "ecrpublic": "ecr-public", "efs": "elasticfilesystem", "elasticloadbalancing": "elasticloadbalancing",
	"elasticloadbalancingv2": "elasticloadbalancing", "emr": "elasticmapreduce", "emrserverless": "emr-serverless",
	"eventbridge": "events", "iot": "iot", "kafkaconnect": "kafkaconnect", "keyspaces": "cassandra", "mwaa": "airflow",
	"neptune": "rds", "neptunegraph": "neptune-graph", "networkfirewall": "network-firewall", "opensearch": "es",
	"opensearchserverless": "aoss", "quicksight": "quicksight", "redshiftserverless": "redshift-serverless",
	"resourcegroupstaggingapi": "tag", "s3control": "s3", "serverlessapplicationrepository": "serverlessrepo", "sesv2": "ses",
	"sfn": "states", "ssoadmin": "sso", "timestreamwrite": "timestream", "timestreaminfluxdb": "timestream-influxdb",
	"transcribe": "transcribe", "vpclattice": "vpc-lattice", "wafregional": "waf-regional", "workspacesweb": "workspaces-web",
	"medicalimaging": "medical-imaging", "globalaccelerator": "globalaccelerator", "kafka": "kafka",
}

// renamed are the operations that ask for another permission than their own name, as the service authorization reference
// has it.
var renamed = map[string][]string{
	"s3:ListBuckets":                        {"s3:ListAllMyBuckets"},
	"s3:GetBucketEncryption":                {"s3:GetEncryptionConfiguration"},
	"s3:GetBucketLifecycleConfiguration":    {"s3:GetLifecycleConfiguration"},
	"s3:GetBucketReplication":               {"s3:GetReplicationConfiguration"},
	"s3:GetPublicAccessBlock":               {"s3:GetBucketPublicAccessBlock"},
	"s3:GetObjectLockConfiguration":         {"s3:GetBucketObjectLockConfiguration"},
	"s3:GetBucketNotificationConfiguration": {"s3:GetBucketNotification"},
	"s3:HeadBucket":                         {"s3:ListBucket"},

	"iam:GetCredentialReport":       {"iam:GenerateCredentialReport", "iam:GetCredentialReport"},
	"accessanalyzer:ListFindingsV2": {"access-analyzer:ListFindings"},

	"timestreamwrite:ListDatabases":       {"timestream:ListDatabases", "timestream:DescribeEndpoints"},
	"timestreamwrite:ListTagsForResource": {"timestream:ListTagsForResource", "timestream:DescribeEndpoints"},
	"keyspaces:ListKeyspaces":             {"cassandra:Select"},
	"keyspaces:ListTables":                {"cassandra:Select"},
	"keyspaces:GetTable":                  {"cassandra:Select"},
	"keyspaces:ListTagsForResource":       {"cassandra:Select"},

	"wafv2:GetWebACLForResource": {"wafv2:GetWebACLForResource", "apprunner:DescribeWebAclForService"},

	"s3control:GetPublicAccessBlock": {"s3:GetAccountPublicAccessBlock"},
}

// Permissions are the IAM actions that an operation needs: "s3:GetEncryptionConfiguration" for s3 GetBucketEncryption.
func Permissions(service, operation string) []string {
	if other, ok := renamed[service+":"+operation]; ok {
		return other
	}
	prefix := service
	if p, ok := prefixes[service]; ok {
		prefix = p
	}
	if prefix == "apigateway" {
		return []string{"apigateway:GET"}
	}
	return []string{prefix + ":" + operation}
}

// narrow are the actions that would open more than settings if they were granted on everything, with the ARNs that
// suffice. Select reads the rows of tables, but the system's own hold only descriptions; GET of API Gateway reads keys too;
// parameters are read of AWS's public ones only.
var narrow = map[string][]string{
	"cassandra:Select": {"arn:aws:cassandra:*:*:/keyspace/system*"},
	"apigateway:GET": {"arn:aws:apigateway:*::/restapis", "arn:aws:apigateway:*::/restapis/*", "arn:aws:apigateway:*::/apis",
		"arn:aws:apigateway:*::/apis/*", "arn:aws:apigateway:*::/domainnames", "arn:aws:apigateway:*::/domainnames/*",
		"arn:aws:apigateway:*::/clientcertificates"},
	"ssm:GetParametersByPath": {"arn:aws:ssm:*::parameter" + regionLists + "*"},
}

// Resources are the ARNs that an action is granted on: everything, but for actions that would open more than settings.
func Resources(action string) []string {
	if some, ok := narrow[action]; ok {
		return some
	}
	return []string{"*"}
}

// Foundation are the IAM actions that every run takes: who asks, which regions are on, and which of them have a service.
func Foundation() []string {
	return []string{"ec2:DescribeRegions", "ssm:GetParametersByPath", "sts:GetCallerIdentity"}
}
