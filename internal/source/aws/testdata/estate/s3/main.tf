resource "aws_s3_bucket" "right" {
  bucket = "estate-bucket-right"
}

resource "aws_s3_bucket_versioning" "right" {
  bucket = aws_s3_bucket.right.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "right" {
  bucket                  = aws_s3_bucket.right.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket" "wrong" {
  bucket = "estate-bucket-wrong"
}

resource "aws_s3_bucket_policy" "wrong" {
  bucket = aws_s3_bucket.wrong.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "arn:aws:s3:::estate-bucket-wrong/*" }]
  })
}

resource "aws_s3_access_point" "right" {
  name   = "estate-point-right"
  bucket = aws_s3_bucket.right.id
  vpc_configuration {
    vpc_id = "vpc-1"
  }
}

resource "aws_s3_access_point" "wrong" {
  name   = "estate-point-wrong"
  bucket = aws_s3_bucket.right.id
  public_access_block_configuration {
    block_public_acls       = false
    block_public_policy     = false
    ignore_public_acls      = false
    restrict_public_buckets = false
  }
}

resource "aws_s3_bucket_ownership_controls" "right" {
  bucket = aws_s3_bucket.right.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_ownership_controls" "wrong" {
  bucket = aws_s3_bucket.wrong.id
  rule {
    object_ownership = "ObjectWriter"
  }
}
