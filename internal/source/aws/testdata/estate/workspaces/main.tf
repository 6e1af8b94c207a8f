resource "aws_workspaces_workspace" "right" {
  directory_id                   = "d-right"
  bundle_id                      = "wsb-12345678"
  user_name                      = "estate-right"
  root_volume_encryption_enabled = true
  user_volume_encryption_enabled = true
  volume_encryption_key          = aws_kms_key.desktops.arn
  workspace_properties {
    running_mode                              = "AUTO_STOP"
    running_mode_auto_stop_timeout_in_minutes = 60
  }
}
resource "aws_kms_key" "desktops" {
  enable_key_rotation = true
}
resource "aws_workspaces_workspace" "wrong" {
  directory_id = "d-wrong"
  bundle_id    = "wsb-12345678"
  user_name    = "estate-wrong"
  workspace_properties {
    running_mode = "ALWAYS_ON"
  }
}

resource "aws_workspacesweb_user_settings" "right" {
  copy_allowed                       = "Disabled"
  download_allowed                   = "Disabled"
  paste_allowed                      = "Disabled"
  print_allowed                      = "Disabled"
  upload_allowed                     = "Disabled"
  idle_disconnect_timeout_in_minutes = 10
}
resource "aws_workspacesweb_user_settings" "wrong" {
  copy_allowed                       = "Enabled"
  download_allowed                   = "Enabled"
  paste_allowed                      = "Enabled"
  print_allowed                      = "Enabled"
  upload_allowed                     = "Enabled"
  idle_disconnect_timeout_in_minutes = 60
}
