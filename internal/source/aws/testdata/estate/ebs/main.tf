resource "aws_ebs_volume" "right" {
  availability_zone = "eu-west-1a"
  size              = 10
  encrypted         = true
  kms_key_id        = aws_kms_key.own.arn
}

resource "aws_kms_key" "own" {}

resource "aws_ebs_snapshot" "right" {
  volume_id = aws_ebs_volume.right.id
}

resource "aws_ebs_volume" "wrong" {
  availability_zone = "eu-west-1a"
  size              = 10
}

resource "aws_ebs_snapshot" "wrong" {
  volume_id = aws_ebs_volume.wrong.id
}

resource "aws_snapshot_create_volume_permission" "stranger" {
  snapshot_id = aws_ebs_snapshot.wrong.id
  account_id  = "111122223333"
}
