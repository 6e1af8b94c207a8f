resource "aws_ssoadmin_permission_set" "right" {
  name             = "estate-set-right"
  instance_arn     = "arn:aws:sso:::instance/ssoins-1"
  session_duration = "PT4H"
}
resource "aws_ssoadmin_permission_set" "wrong" {
  name             = "estate-set-wrong"
  instance_arn     = "arn:aws:sso:::instance/ssoins-1"
  session_duration = "PT12H"
}
resource "aws_ssoadmin_permission_set_inline_policy" "wrong" {
  instance_arn       = "arn:aws:sso:::instance/ssoins-1"
  permission_set_arn = aws_ssoadmin_permission_set.wrong.arn
  inline_policy      = jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}
