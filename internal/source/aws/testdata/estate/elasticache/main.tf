resource "aws_kms_key" "right" {
  enable_key_rotation = true
}

resource "aws_elasticache_replication_group" "right" {
  replication_group_id       = "estate-group-right"
  description                = "Estate"
  engine                     = "redis"
  node_type                  = "cache.t3.micro"
  num_node_groups            = 1
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.right.arn
  transit_encryption_enabled = true
  auth_token                 = var.token
  snapshot_retention_limit   = 15
  multi_az_enabled           = true
  automatic_failover_enabled = true
  auto_minor_version_upgrade = true
  log_delivery_configuration {
    log_type         = "engine-log"
    destination      = "estate"
    destination_type = "cloudwatch-logs"
    log_format       = "json"
  }
}

variable "token" {}

resource "aws_elasticache_replication_group" "wrong" {
  replication_group_id       = "estate-group-wrong"
  description                = "Estate"
  engine                     = "redis"
  node_type                  = "cache.t3.micro"
  num_node_groups            = 1
  at_rest_encryption_enabled = false
  transit_encryption_enabled = false
  auto_minor_version_upgrade = false
}

resource "aws_elasticache_cluster" "right" {
  cluster_id                 = "estate-cache-right"
  engine                     = "memcached"
  node_type                  = "cache.t3.micro"
  num_cache_nodes            = 1
  transit_encryption_enabled = true
  auto_minor_version_upgrade = true
}

resource "aws_elasticache_cluster" "wrong" {
  cluster_id                 = "estate-cache-wrong"
  engine                     = "redis"
  node_type                  = "cache.t3.micro"
  num_cache_nodes            = 1
  auto_minor_version_upgrade = false
}
