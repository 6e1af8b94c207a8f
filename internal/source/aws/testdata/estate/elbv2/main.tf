resource "aws_vpc" "net" {
  cidr_block = "10.40.0.0/16"
}

resource "aws_lb" "right" {
  name                       = "estate-balancer-right"
  internal                   = true
  subnets                    = ["subnet-1", "subnet-2"]
  drop_invalid_header_fields = true
  enable_deletion_protection = true
  desync_mitigation_mode     = "strictest"
  access_logs {
    bucket  = "estate-logs"
    enabled = true
  }
}

resource "aws_lb" "wrong" {
  name                   = "estate-balancer-wrong"
  subnets                = ["subnet-1", "subnet-2"]
  desync_mitigation_mode = "monitor"
}

resource "aws_lb_target_group" "right" {
  name     = "estate-targets-right"
  protocol = "HTTPS"
  port     = 443
  vpc_id   = aws_vpc.net.id
}

resource "aws_lb_target_group" "wrong" {
  name     = "estate-targets-wrong"
  protocol = "HTTP"
  port     = 80
  vpc_id   = aws_vpc.net.id
}

resource "aws_lb_listener" "right" {
  load_balancer_arn = aws_lb.right.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.right.arn
  }
}

resource "aws_lb_listener" "wrong" {
  load_balancer_arn = aws_lb.wrong.arn
  protocol          = "HTTP"
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.wrong.arn
  }
}
