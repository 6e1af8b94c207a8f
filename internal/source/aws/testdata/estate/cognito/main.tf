resource "aws_cognito_user_pool" "right" {
  name                = "estate-pool-right"
  mfa_configuration   = "ON"
  deletion_protection = "ACTIVE"
  password_policy {
    minimum_length    = 14
    require_lowercase = true
    require_uppercase = true
    require_numbers   = true
    require_symbols   = true
  }
  user_pool_add_ons {
    advanced_security_mode = "ENFORCED"
  }
}
resource "aws_cognito_user_pool" "wrong" {
  name = "estate-pool-wrong"
}

resource "aws_cognito_user_pool_client" "right" {
  name                          = "estate-client-right"
  user_pool_id                  = aws_cognito_user_pool.right.id
  prevent_user_existence_errors = "ENABLED"
  refresh_token_validity        = 8
  token_validity_units {
    refresh_token = "hours"
  }
  enable_token_revocation = true
}
resource "aws_cognito_user_pool_client" "wrong" {
  name                    = "estate-client-wrong"
  user_pool_id            = aws_cognito_user_pool.wrong.id
  allowed_oauth_flows     = ["implicit"]
  refresh_token_validity  = 30
  enable_token_revocation = false
}

resource "aws_cognito_identity_pool" "right" {
  identity_pool_name               = "estate-identities-right"
  allow_unauthenticated_identities = false
}
resource "aws_cognito_identity_pool" "wrong" {
  identity_pool_name               = "estate-identities-wrong"
  allow_unauthenticated_identities = true
}
