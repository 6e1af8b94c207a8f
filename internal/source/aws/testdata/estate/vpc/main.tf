resource "aws_vpc" "right" {
  cidr_block = "10.30.0.0/16"
}

resource "aws_flow_log" "right" {
  vpc_id         = aws_vpc.right.id
  traffic_type   = "ALL"
  log_group_name = "estate-flows"
  iam_role_arn   = "arn:aws:iam::123456789012:role/estate-flows"
}

resource "aws_default_security_group" "right" {
  vpc_id = aws_vpc.right.id
}

resource "aws_subnet" "right" {
  vpc_id     = aws_vpc.right.id
  cidr_block = "10.30.1.0/24"
}

resource "aws_route_table" "right" {
  vpc_id = aws_vpc.right.id
}

resource "aws_network_acl" "right" {
  vpc_id = aws_vpc.right.id
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    from_port  = 443
    to_port    = 443
    cidr_block = "0.0.0.0/0"
  }
}

resource "aws_security_group" "right" {
  name   = "estate-group-right"
  vpc_id = aws_vpc.right.id
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_vpc_endpoint" "right" {
  vpc_id       = aws_vpc.right.id
  service_name = "com.amazonaws.eu-west-1.s3"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "arn:aws:s3:::records/*" }]
  })
}

resource "aws_ec2_transit_gateway" "right" {
  auto_accept_shared_attachments = "disable"
}

resource "aws_vpc" "wrong" {
  cidr_block = "10.31.0.0/16"
}

resource "aws_flow_log" "wrong" {
  subnet_id      = aws_subnet.wrong.id
  traffic_type   = "REJECT"
  log_group_name = "estate-flows"
  iam_role_arn   = "arn:aws:iam::123456789012:role/estate-flows"
}

resource "aws_default_security_group" "wrong" {
  vpc_id = aws_vpc.other.id
  ingress {
    protocol  = "-1"
    from_port = 0
    to_port   = 0
    self      = true
  }
}

resource "aws_vpc" "other" {
  cidr_block = "10.32.0.0/16"
}

resource "aws_internet_gateway" "world" {
  vpc_id = aws_vpc.wrong.id
}

resource "aws_subnet" "wrong" {
  vpc_id                  = aws_vpc.wrong.id
  cidr_block              = "10.31.1.0/24"
  map_public_ip_on_launch = true
}

resource "aws_route_table" "wrong" {
  vpc_id = aws_vpc.wrong.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.world.id
  }
}

resource "aws_network_acl" "wrong" {
  vpc_id = aws_vpc.wrong.id
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
}

resource "aws_security_group" "wrong" {
  name   = "estate-group-wrong"
  vpc_id = aws_vpc.wrong.id
  ingress {
    protocol         = "-1"
    from_port        = 0
    to_port          = 0
    ipv6_cidr_blocks = ["::/0"]
  }
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_ec2_transit_gateway" "wrong" {
  auto_accept_shared_attachments = "enable"
}
