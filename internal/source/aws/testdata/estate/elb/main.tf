resource "aws_elb" "right" {
  name                      = "estate-classic-right"
  availability_zones        = ["eu-west-1a", "eu-west-1b"]
  cross_zone_load_balancing = true
  listener {
    lb_port            = 443
    lb_protocol        = "https"
    instance_port      = 443
    instance_protocol  = "https"
    ssl_certificate_id = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
  }
  access_logs {
    bucket = "estate-logs"
  }
}

resource "aws_elb" "wrong" {
  name                      = "estate-classic-wrong"
  availability_zones        = ["eu-west-1a"]
  cross_zone_load_balancing = false
  listener {
    lb_port           = 80
    lb_protocol       = "http"
    instance_port     = 80
    instance_protocol = "http"
  }
}
