resource "aws_kms_key" "search" {}

resource "aws_opensearch_domain" "right" {
  domain_name    = "estate-right"
  engine_version = "OpenSearch_2.19"
  cluster_config {
    instance_type                 = "r6g.large.search"
    instance_count                = 3
    zone_awareness_enabled        = true
    dedicated_master_enabled      = true
    dedicated_master_count        = 3
    multi_az_with_standby_enabled = true
  }
  vpc_options {
    subnet_ids         = ["subnet-1"]
    security_group_ids = ["sg-1"]
  }
  encrypt_at_rest {
    enabled    = true
    kms_key_id = aws_kms_key.search.arn
  }
  node_to_node_encryption {
    enabled = true
  }
  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }
  advanced_security_options {
    enabled                        = true
    internal_user_database_enabled = false
  }
  dynamic "log_publishing_options" {
    for_each = ["AUDIT_LOGS", "ES_APPLICATION_LOGS", "SEARCH_SLOW_LOGS", "INDEX_SLOW_LOGS"]
    content {
      log_type                 = log_publishing_options.value
      cloudwatch_log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:search:*"
    }
  }
  software_update_options {
    auto_software_update_enabled = true
  }
}

resource "aws_opensearch_domain" "wrong" {
  domain_name    = "estate-wrong"
  engine_version = "OpenSearch_2.19"
  cluster_config {
    instance_type  = "r6g.large.search"
    instance_count = 1
  }
  encrypt_at_rest {
    enabled = false
  }
  node_to_node_encryption {
    enabled = false
  }
  domain_endpoint_options {
    enforce_https       = false
    tls_security_policy = "Policy-Min-TLS-1-0-2019-07"
  }
  advanced_security_options {
    enabled                        = true
    internal_user_database_enabled = true
    master_user_options {
      master_user_name     = "admin"
      master_user_password = "Hunter2hunter2!"
    }
  }
  access_policies = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "es:*", Resource = "*" }]
  })
}

resource "aws_opensearchserverless_security_policy" "right" {
  name = "estate-right"
  type = "encryption"
  policy = jsonencode({
    Rules       = [{ ResourceType = "collection", Resource = ["collection/records"] }]
    AWSOwnedKey = false
    KmsARN      = aws_kms_key.search.arn
  })
}

resource "aws_opensearchserverless_security_policy" "wrong" {
  name = "estate-wrong"
  type = "encryption"
  policy = jsonencode({
    Rules       = [{ ResourceType = "collection", Resource = ["collection/records"] }]
    AWSOwnedKey = true
  })
}
