locals {
  guard = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "cloudtrail:StopLogging", Resource = "*" }] })
}
resource "aws_organizations_policy" "right" {
  name    = "estate-policy-right"
  type    = "SERVICE_CONTROL_POLICY"
  content = local.guard
}
resource "aws_organizations_policy_attachment" "right" {
  policy_id = aws_organizations_policy.right.id
  target_id = "r-abcd"
}
resource "aws_organizations_policy" "wrong" {
  name    = "estate-policy-wrong"
  type    = "SERVICE_CONTROL_POLICY"
  content = local.guard
}
