resource "aws_guardduty_detector" "right" {
  enable = true
}

resource "aws_guardduty_detector_feature" "all" {
  for_each    = toset(["S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION"])
  detector_id = aws_guardduty_detector.right.id
  name        = each.key
  status      = "ENABLED"
}
