resource "aws_kms_key" "video" {}

resource "aws_kinesis_video_stream" "right" {
  name                    = "estate-right"
  data_retention_in_hours = 24
  kms_key_id              = aws_kms_key.video.arn
}

resource "aws_kinesis_video_stream" "wrong" {
  name                    = "estate-wrong"
  data_retention_in_hours = 24
}
