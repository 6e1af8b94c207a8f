resource "aws_route53_zone" "right" {
  name = "right.estate.example"
}
resource "aws_route53_query_log" "right" {
  zone_id                  = aws_route53_zone.right.zone_id
  cloudwatch_log_group_arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/right.estate.example"
}
resource "aws_route53_zone" "wrong" {
  name = "wrong.estate.example"
}
