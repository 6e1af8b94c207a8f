resource "aws_kms_key" "right" {
  enable_key_rotation = true
}

resource "aws_memorydb_cluster" "right" {
  name                       = "estate-right"
  node_type                  = "db.t4g.small"
  acl_name                   = "estate"
  tls_enabled                = true
  kms_key_arn                = aws_kms_key.right.arn
  snapshot_retention_limit   = 15
  num_replicas_per_shard     = 1
  auto_minor_version_upgrade = true
}

resource "aws_memorydb_cluster" "wrong" {
  name                       = "estate-wrong"
  node_type                  = "db.t4g.small"
  acl_name                   = "open-access"
  tls_enabled                = false
  snapshot_retention_limit   = 0
  num_replicas_per_shard     = 0
  auto_minor_version_upgrade = false
}
