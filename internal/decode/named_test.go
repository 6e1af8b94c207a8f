package decode

import "testing"

func TestPublicACL(t *testing.T) {
	decodes(t, "s3.acl.public", []decoding{
		{"private", "private", false},
		{"public", "public-read", true},
		{"CloudFormation", "PublicReadWrite", true},
		{"any account", "authenticated-read", true},
		{"logs", "LogDeliveryWrite", false},
		{"one that does not exist", "open", "?"},
		{"a number", 1, "?"},
	})
}

func TestTLSPolicy(t *testing.T) {
	var cases []decoding
	for name, version := range map[string]any{
		"ELBSecurityPolicy-2016-08":                    "1.0",
		"ELBSecurityPolicy-2015-05":                    "1.0",
		"ELBSecurityPolicy-FS-2018-06":                 "1.0",
		"ELBSecurityPolicy-TLS-1-0-2015-04":            "1.0",
		"ELBSecurityPolicy-TLS-1-1-2017-01":            "1.1",
		"ELBSecurityPolicy-TLS-1-2-2017-01":            "1.2",
		"ELBSecurityPolicy-TLS-1-2-Ext-2018-06":        "1.2",
		"ELBSecurityPolicy-FS-1-2-Res-2020-10":         "1.2",
		"ELBSecurityPolicy-TLS13-1-2-2021-06":          "1.2",
		"ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06":     "1.2",
		"ELBSecurityPolicy-TLS13-1-0-2021-06":          "1.0",
		"ELBSecurityPolicy-TLS13-1-3-2021-06":          "1.3",
		"ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04": "1.2",
		"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09":   "1.2",
		"TLSv1":                            "1.0",
		"TLSv1_2016":                       "1.0",
		"TLSv1.1_2016":                     "1.1",
		"TLSv1.2_2021":                     "1.2",
		"TLSv1.3_2025":                     "1.3",
		"SSLv3":                            "1.0",
		"TLS_1_0":                          "1.0",
		"TLS_1_2":                          "1.2",
		"SecurityPolicy_TLS13_1_3_2025_09": "1.3",
		"Policy-Min-TLS-1-0-2019-07":       "1.0",
		"Policy-Min-TLS-1-2-2019-07":       "1.2",
		"Policy-Min-TLS-1-2-PFS-2023-10":   "1.2",
		"Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08": "1.2",
		"tls1.3+": "1.3",
		"ELBSecurityPolicy-TLS13-1-2-Loose-2031-01": "?",
		"my-own-policy": "?",
		"":              "?",
	} {
		cases = append(cases, decoding{name, name, version})
	}
	decodes(t, "tls.policy", cases)
}

func TestScheduleHours(t *testing.T) {
	var cases []decoding
	for expression, hours := range map[string]any{
		"rate(12 hours)":                   12,
		"rate(1 day)":                      24,
		"rate(30 minutes)":                 1,
		"rate(0 hours)":                    "?",
		"cron(0 5 ? * * *)":                24,
		"cron(0 5,17 * * ? *)":             12,
		"cron(0 5,6 * * ? *)":              23,
		"cron(0/15 * * * ? *)":             1,
		"cron(0 */6 * * ? *)":              6,
		"cron(0 5 ? * 1 *)":                168,
		"cron(0 5 ? * MON-FRI *)":          72,
		"cron(0 5 ? * SAT-SUN *)":          144,
		"cron(0 5 1 * ? *)":                31 * 24,
		"cron(0 5 L * ? *)":                31 * 24,
		"cron(0 5 ? * 6L *)":               35 * 24,
		"cron(0 5 ? * 2#1 *)":              35 * 24,
		"cron(0 5 1 1 ? *)":                366 * 24,
		"cron(0 5 31 * ? *)":               61 * 24,
		"cron(0 5 * * ? 2030)":             "?",
		"cron(0 5 15W * ? *)":              "?",
		"cron(0 5 * *)":                    "?",
		"cron(61 5 * * ? *)":               "?",
		"cron(0 5 31 2 ? *)":               "?",
		"cron(0/99999999999999 5 * * ? *)": "?",
		"at(2030-01-01T00:00:00)":          "?",
		"daily":                            "?",
	} {
		cases = append(cases, decoding{expression, expression, hours})
	}
	decodes(t, "schedule.hours", cases)
}

func TestProvidedPath(t *testing.T) {
	decodes(t, "iam.path.provided", []decoding{
		{"a service's role", "/aws-service-role/ecs.amazonaws.com/", true},
		{"Identity Center's role", "/aws-reserved/sso.amazonaws.com/eu-west-1/", true},
		{"people's role", "/", false},
		{"people's role that looks like one", "/app/aws-service-role/", false},
		{"unknown", unknown(), "?"},
	})
}
