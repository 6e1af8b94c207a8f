resource "aws_kms_key" "phi" {
  description         = "Patients' data"
  enable_key_rotation = true
}

module "charts" {
  source      = "./modules/bucket"
  name        = "riverside-charts"
  encryption  = "aws:kms"
  key_arn     = aws_kms_key.phi.arn
  tags        = local.phi
  logs_access = true
  logs_to     = module.logs.name
}

module "logs" {
  source = "./modules/bucket"
  name   = "riverside-logs"
}

# Fault: scanned letters were moved here "for a week"; there is no encryption key, no versioning, and everybody may read.
resource "aws_s3_bucket" "letters" {
  bucket = "riverside-letters"
  tags   = local.phi
}

resource "aws_s3_bucket_policy" "letters" {
  bucket = aws_s3_bucket.letters.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.letters.arn}/*"
    }]
  })
}
