resource "aws_launch_configuration" "right" {
  name          = "estate-configuration-right"
  image_id      = "ami-0123456789abcdef0"
  instance_type = "m5.large"
  metadata_options {
    http_tokens = "required"
  }
  root_block_device {
    encrypted = true
  }
}

resource "aws_launch_configuration" "wrong" {
  name                        = "estate-configuration-wrong"
  image_id                    = "ami-0123456789abcdef0"
  instance_type               = "m5.large"
  associate_public_ip_address = true
  user_data                   = "export DB_PASSWORD=hunter2hunter2\n"
  root_block_device {
    encrypted = false
  }
}

resource "aws_autoscaling_group" "right" {
  name                 = "estate-scaling-right"
  launch_configuration = aws_launch_configuration.right.name
  min_size             = 0
  max_size             = 0
  availability_zones   = ["eu-west-1a", "eu-west-1b"]
  load_balancers       = ["estate-scaled"]
  health_check_type    = "ELB"
}

resource "aws_autoscaling_group" "wrong" {
  name                 = "estate-scaling-wrong"
  launch_configuration = aws_launch_configuration.wrong.name
  min_size             = 0
  max_size             = 0
  availability_zones   = ["eu-west-1a"]
  load_balancers       = ["estate-scaled"]
}
