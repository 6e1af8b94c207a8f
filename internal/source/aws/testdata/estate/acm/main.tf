resource "aws_acm_certificate" "right" {
  domain_name       = "right.clinic.example"
  validation_method = "DNS"
  key_algorithm     = "EC_prime256v1"
}

resource "aws_acm_certificate" "wrong" {
  domain_name       = "wrong.clinic.example"
  validation_method = "EMAIL"
  key_algorithm     = "RSA_1024"
  options {
    certificate_transparency_logging_preference = "DISABLED"
  }
}
