resource "aws_lb" "portal" {
  name                       = "portal"
  load_balancer_type         = "application"
  subnets                    = [aws_subnet.public.id]
  security_groups            = [aws_security_group.balancer.id]
  enable_deletion_protection = true
  drop_invalid_header_fields = true

  access_logs {
    bucket  = module.logs.name
    enabled = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.portal.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-2016-08" # fault: still speaks TLS 1.0
  certificate_arn   = aws_acm_certificate.portal.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.portal.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.portal.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_target_group" "portal" {
  name     = "portal"
  port     = 8443
  protocol = "HTTPS"
  vpc_id   = aws_vpc.clinic.id
}

resource "aws_lb_target_group_attachment" "portal" {
  target_group_arn = aws_lb_target_group.portal.arn
  target_id        = aws_instance.portal.id
}

resource "aws_acm_certificate" "portal" {
  domain_name       = "portal.clinic.example"
  validation_method = "DNS"
}

resource "aws_instance" "portal" {
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "m6i.large"
  subnet_id              = aws_subnet.private["a"].id
  vpc_security_group_ids = [aws_security_group.portal.id, aws_security_group.support.id]
  iam_instance_profile   = aws_iam_instance_profile.portal.name
  monitoring             = true
  tags                   = local.phi

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "optional" # fault: version 1 of the metadata service
  }

  root_block_device {
    encrypted = true
  }

  ebs_block_device {
    device_name = "/dev/sdf" # fault: the upload scratch disk is not encrypted
    volume_size = 100
    encrypted   = false
  }
}

resource "aws_db_instance" "portal" {
  identifier                          = "portal"
  engine                              = "postgres"
  engine_version                      = "16.4"
  instance_class                      = "db.m6i.large"
  allocated_storage                   = 200
  username                            = "portal"
  manage_master_user_password         = true
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.phi.arn
  backup_retention_period             = 1 # fault: one day of backups
  multi_az                            = false
  publicly_accessible                 = false
  deletion_protection                 = true
  iam_database_authentication_enabled = true
  auto_minor_version_upgrade          = true
  enabled_cloudwatch_logs_exports     = ["postgresql"]
  parameter_group_name                = aws_db_parameter_group.portal.name
  db_subnet_group_name                = aws_db_subnet_group.portal.name
  vpc_security_group_ids              = [aws_security_group.portal.id]
  tags                                = local.phi
}

resource "aws_db_subnet_group" "portal" {
  name       = "portal"
  subnet_ids = [for s in aws_subnet.private : s.id]
}

resource "aws_db_parameter_group" "portal" {
  name   = "portal"
  family = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}
