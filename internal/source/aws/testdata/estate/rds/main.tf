resource "aws_db_parameter_group" "right" {
  name   = "estate-postgres"
  family = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_connections"
    value = "1"
  }
  parameter {
    name  = "log_disconnections"
    value = "1"
  }
}

resource "aws_db_instance" "right" {
  identifier                          = "estate-db-right"
  engine                              = "postgres"
  engine_version                      = "16.3"
  instance_class                      = "db.t3.micro"
  username                            = "estate"
  manage_master_user_password         = true
  allocated_storage                   = 20
  storage_encrypted                   = true
  publicly_accessible                 = false
  backup_retention_period             = 14
  multi_az                            = true
  enabled_cloudwatch_logs_exports     = ["postgresql"]
  monitoring_interval                 = 60
  auto_minor_version_upgrade          = true
  deletion_protection                 = true
  iam_database_authentication_enabled = true
  copy_tags_to_snapshot               = true
  parameter_group_name                = aws_db_parameter_group.right.name
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"
}

resource "aws_db_instance" "wrong" {
  identifier                          = "estate-db-wrong"
  engine                              = "postgres"
  engine_version                      = "13.3"
  instance_class                      = "db.t3.micro"
  username                            = "estate"
  password                            = var.password
  allocated_storage                   = 20
  storage_encrypted                   = false
  publicly_accessible                 = true
  backup_retention_period             = 0
  multi_az                            = false
  auto_minor_version_upgrade          = false
  deletion_protection                 = false
  iam_database_authentication_enabled = false
  copy_tags_to_snapshot               = false
  ca_cert_identifier                  = "rds-ca-2019"
}

variable "password" {}

resource "aws_rds_cluster_parameter_group" "right" {
  name   = "estate-aurora"
  family = "aurora-postgresql16"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_rds_cluster" "right" {
  cluster_identifier                  = "estate-cluster-right"
  engine                              = "aurora-postgresql"
  engine_version                      = "16.3"
  master_username                     = "estate"
  manage_master_user_password         = true
  storage_encrypted                   = true
  backup_retention_period             = 14
  enabled_cloudwatch_logs_exports     = ["postgresql"]
  deletion_protection                 = true
  iam_database_authentication_enabled = true
  copy_tags_to_snapshot               = true
  db_cluster_parameter_group_name     = aws_rds_cluster_parameter_group.right.name
}

resource "aws_rds_cluster_instance" "first" {
  identifier         = "estate-member-first"
  cluster_identifier = aws_rds_cluster.right.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
  availability_zone  = "eu-west-1a"
}

resource "aws_rds_cluster_instance" "second" {
  identifier         = "estate-member-second"
  cluster_identifier = aws_rds_cluster.right.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
  availability_zone  = "eu-west-1b"
}

resource "aws_rds_cluster" "wrong" {
  cluster_identifier                  = "estate-cluster-wrong"
  engine                              = "aurora-postgresql"
  engine_version                      = "14.6"
  master_username                     = "estate"
  master_password                     = var.password
  storage_encrypted                   = false
  backup_retention_period             = 1
  deletion_protection                 = false
  iam_database_authentication_enabled = false
  copy_tags_to_snapshot               = false
}

resource "aws_rds_global_cluster" "right" {
  global_cluster_identifier = "estate-global-right"
  engine                    = "aurora-postgresql"
  storage_encrypted         = true
  deletion_protection       = true
}

resource "aws_rds_global_cluster" "wrong" {
  global_cluster_identifier = "estate-global-wrong"
  engine                    = "aurora-postgresql"
  storage_encrypted         = false
  deletion_protection       = false
}

resource "aws_db_snapshot" "right" {
  db_instance_identifier = aws_db_instance.right.identifier
  db_snapshot_identifier = "estate-snapshot-right"
}

resource "aws_db_snapshot" "wrong" {
  db_instance_identifier = aws_db_instance.wrong.identifier
  db_snapshot_identifier = "estate-snapshot-wrong"
  shared_accounts        = ["all"]
}

resource "aws_db_proxy" "right" {
  name           = "estate-proxy-right"
  engine_family  = "POSTGRESQL"
  role_arn       = "arn:aws:iam::123456789012:role/proxy"
  vpc_subnet_ids = ["subnet-1"]
  require_tls    = true
  debug_logging  = false
  auth {
    auth_scheme = "SECRETS"
    iam_auth    = "REQUIRED"
    secret_arn  = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:proxy"
  }
}

resource "aws_db_proxy" "wrong" {
  name           = "estate-proxy-wrong"
  engine_family  = "POSTGRESQL"
  role_arn       = "arn:aws:iam::123456789012:role/proxy"
  vpc_subnet_ids = ["subnet-1"]
  require_tls    = false
  debug_logging  = true
  auth {
    auth_scheme = "SECRETS"
    iam_auth    = "DISABLED"
    secret_arn  = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:proxy"
  }
}

resource "aws_db_event_subscription" "right" {
  name      = "estate-events-right"
  sns_topic = "arn:aws:sns:eu-west-1:123456789012:estate"
  enabled   = true
}

resource "aws_db_event_subscription" "wrong" {
  name      = "estate-events-wrong"
  sns_topic = "arn:aws:sns:eu-west-1:123456789012:estate"
  enabled   = false
}
