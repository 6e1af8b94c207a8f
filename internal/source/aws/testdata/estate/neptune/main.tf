resource "aws_neptune_cluster" "right" {
  cluster_identifier             = "estate-right"
  engine                         = "neptune"
  storage_encrypted              = true
  backup_retention_period        = 14
  deletion_protection            = true
  copy_tags_to_snapshot          = true
  enable_cloudwatch_logs_exports = ["audit"]
}

resource "aws_neptune_cluster" "wrong" {
  cluster_identifier      = "estate-wrong"
  engine                  = "neptune"
  storage_encrypted       = false
  backup_retention_period = 1
  deletion_protection     = false
  copy_tags_to_snapshot   = false
}
