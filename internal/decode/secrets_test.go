package decode

import (
	"fmt"
	"strings"
	"testing"

	"ward.dev/ward/internal/value"
)

// accessKey is put together so that scanners of this repository do not take it for one.
var accessKey = "AKIA" + "EXAMPLEEXAMPLE12"

func TestSecretNames(t *testing.T) {
	declared := func(template string) value.Value { return unknown().Text(template) }
	decodes(t, "secret.names", []decoding{
		{"a map", obj{"DB_PASSWORD": "hunter2", "STAGE": "prod"}, list{"DB_PASSWORD"}},
		{"a block with variables", list{obj{"variables": obj{"API_KEY": "abcdef"}}}, list{"API_KEY"}},
		{"CloudFormation's variables", obj{"Variables": obj{"API_KEY": "abcdef"}}, list{"API_KEY"}},
		{"names and values", list{obj{"name": "db_pass", "value": "x1"}, obj{"name": "PORT", "value": "80"}}, list{"db_pass"}},
		{"CodeBuild's types", list{obj{"name": "TOKEN", "value": "/app/token", "type": "PARAMETER_STORE"},
			obj{"name": "SECRET", "value": "s3cr3t", "type": "PLAINTEXT"}}, list{"SECRET"}},
		{"a nested block of CodeBuild", list{obj{"environment_variable": list{obj{"name": "PASSWORD", "value": "s3cr3t"}}}}, list{"PASSWORD"}},
		{"an access key under any name", obj{"X": "id=" + accessKey}, list{"X"}},
		{"a private key under any name", obj{"X": "-----BEGIN RSA " + "PRIVATE KEY-----"}, list{"X"}},
		{"a password in a URL", obj{"DATABASE_URL": "postgres://app:" + "hunter2@db/app"}, list{"DATABASE_URL"}},
		{"where the secret is", obj{"SECRET_ARN": "arn:aws:x", "PASSWORD": "arn:aws:secretsmanager:x", "TOKEN_PATH": "x",
			"API_KEY": "{{resolve:secretsmanager:x}}"}, list{}},
		{"placeholders and switches", obj{"PASSWORD": "<your password>", "TOKEN": "", "SECRET": "changeme", "USE_SECRET": "true",
			"TOKEN_TTL": "3600", "TOKEN_COUNT": "12"}, list{}},
		{"a password of digits", obj{"PASSWORD": "123456"}, list{"PASSWORD"}},
		{"attributes of blocks", obj{"QUEUE": declared("${aws_sqs_queue.q.url}"), "DB": declared("jdbc://${aws_db_instance.d.address}/x")}, list{}},
		{"an attribute that is a secret", obj{"PASSWORD": declared("${random_password.p.result}")}, list{"PASSWORD"}},
		{"a variable", obj{"X": declared("${var.x}"), "PASSWORD": "hunter2"}, list{"PASSWORD", "..."}},
		{"an unknown value", obj{"X": unknown()}, list{"..."}},
		{"an unknown variable", list{unknown(), obj{"name": "PASSWORD", "value": "hunter2"}}, list{"PASSWORD", "..."}},
		{"an unknown type", list{obj{"name": "PASSWORD", "value": "hunter2", "type": unknown()}}, list{"..."}},
		{"an open map", value.Object(nil).Open(why), list{"..."}},
		{"a text", "PASSWORD=x", list{"..."}},
	})
}

func TestContainers(t *testing.T) {
	decodes(t, "ecs.containers", []decoding{
		{"a JSON text with placeholders", template(`[{"name":"web","image":"${var.image}:1","privileged":false,"cpu":256,
			"environment":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"X","value":"${aws_sqs_queue.q.url}"}],
			"readonlyRootFilesystem":true,"logConfiguration":{"logDriver":"awslogs"}}]`),
			list{obj{"name": "web", "image": "?${var.image}:1", "privileged": false, "readonly_root": true, "user": nil, "cpu": 256,
				"log_driver": "awslogs", "secrets_in_environment": list{"DB_PASSWORD"}, "memory": nil, "linux_added_capabilities": nil}}},
		{"CloudFormation", list{obj{"Name": "web", "Image": "nginx", "User": 1000, "Memory": "512", "Privileged": "true",
			"LinuxParameters": obj{"Capabilities": obj{"Add": list{"NET_ADMIN"}}}}},
			list{obj{"name": "web", "image": "nginx", "privileged": true, "readonly_root": nil, "user": "1000", "cpu": nil,
				"log_driver": nil, "secrets_in_environment": list{}, "memory": 512, "linux_added_capabilities": list{"NET_ADMIN"}}}},
		{"a definition that is not known", template(`[${jsonencode(local.web)}]`), list{"..."}},
		{"a text that is no JSON", "file.json", "?"},
	})
}

// No decoder that reads secrets returns one, nor names one in a reason.
func TestSecretsStayHidden(t *testing.T) {
	const secret = "hunter2"
	for _, raw := range []any{
		obj{"PASSWORD": secret}, list{obj{"name": "PASSWORD", "value": secret, "type": unknown()}}, secret, list{secret},
		list{obj{"name": "web", "environment": list{obj{"name": "PASSWORD", "value": secret}}, "cpu": secret, "privileged": secret}},
	} {
		for _, name := range []string{"secret.names", "ecs.containers", "bool", "int"} {
			made := named(t, name)(tree(t, raw))
			if all := fmt.Sprint(plainly(made), made.Reasons()); strings.Contains(all, secret) {
				t.Errorf("%s shows it: %s", name, all)
			}
		}
	}
}

// Hiding a part of an environment never makes a secret disappear from a list that says it is whole.
func TestHidingSecretsNeverFlips(t *testing.T) {
	for _, raw := range []any{
		obj{"PASSWORD": "hunter2", "X": accessKey, "STAGE": "prod"},
		obj{"variables": obj{"PASSWORD": "hunter2"}},
		list{obj{"name": "PASSWORD", "value": "hunter2"}, obj{"name": "STAGE", "value": "prod", "type": "PLAINTEXT"}},
	} {
		before := secretNames(tree(t, raw))
		hide(tree(t, raw), func(where string, partly value.Value) {
			compare(t, where, before, secretNames(partly))
		})
	}
	hidingKeeps(t, "ecs.containers", tree(t, obj{"name": "web", "image": "x", "privileged": true, "cpu": 1,
		"environment": list{obj{"name": "PASSWORD", "value": "hunter2"}}, "logConfiguration": obj{"logDriver": "awslogs"}}))
}

// TestCheaplySeen proves that what is seen not to be a secret without the expressions is none by them.
func TestCheaplySeen(t *testing.T) {
	for _, name := range []string{"PASSWD", "db-pwd", "creds", "passphrase", "Secret", "TOKEN", "apikey", "api_key", "ACCESS-KEY", "private.key",
		"signingkey", "encryption_key", "AUTHKEY", "credential", "my_pass", "paſſword", "toKen", "nothing", ""} {
		if got := mayName(name); !got && secretName.MatchString(name) {
			t.Errorf("%q is not seen to be a secret's name", name)
		}
	}
	for _, s := range []string{accessKey, "ASIA" + accessKey[4:], "-----BEGIN " + "RSA PRIVATE KEY", "-----BEGIN " + "PRIVATE KEY", "x://u:p@h",
		"ghp_" + strings.Repeat("a", 36), "xoxb-" + "0123456789-a", "sk_live_" + "0123456789abcdef", "rk_live_" + "0123456789abcdef"} {
		if !secretValue.MatchString(s) || !formed(s) {
			t.Errorf("%q is not seen to be a secret", s)
		}
	}
}
