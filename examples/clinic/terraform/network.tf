provider "aws" {
  region = var.region
}

resource "aws_vpc" "clinic" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "clinic" }
}

resource "aws_flow_log" "clinic" {
  vpc_id          = aws_vpc.clinic.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flows.arn
  iam_role_arn    = aws_iam_role.flows.arn
}

resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.clinic.id
  cidr_block              = "10.20.0.0/24"
  map_public_ip_on_launch = true # fault: whatever starts here is on the internet
}

resource "aws_subnet" "private" {
  for_each   = { a = "10.20.10.0/24", b = "10.20.11.0/24" }
  vpc_id     = aws_vpc.clinic.id
  cidr_block = each.value
}

resource "aws_security_group" "balancer" {
  name        = "portal-balancer"
  description = "HTTPS from everywhere"
  vpc_id      = aws_vpc.clinic.id

  ingress {
    description = "HTTPS"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "portal" {
  name        = "portal"
  description = "From the balancer only"
  vpc_id      = aws_vpc.clinic.id
}

resource "aws_vpc_security_group_ingress_rule" "portal" {
  security_group_id            = aws_security_group.portal.id
  referenced_security_group_id = aws_security_group.balancer.id
  from_port                    = 8443
  to_port                      = 8443
  ip_protocol                  = "tcp"
}

resource "aws_security_group" "support" {
  name        = "vendor-support"
  description = "Remote support by the vendor"
  vpc_id      = aws_vpc.clinic.id

  dynamic "ingress" {
    for_each = toset(["22", "3389"]) # fault: remote administration from anywhere
    content {
      description = "support"
      from_port   = tonumber(ingress.value)
      to_port     = tonumber(ingress.value)
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}
