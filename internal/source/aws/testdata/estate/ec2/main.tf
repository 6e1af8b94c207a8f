resource "aws_instance" "right" {
  ami                         = "ami-0123456789abcdef0"
  instance_type               = "m5.large"
  subnet_id                   = aws_subnet.net.id
  associate_public_ip_address = false
  monitoring                  = true
  disable_api_termination     = true
  iam_instance_profile        = "estate-profile"
  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "wrong" {
  ami                         = "ami-0123456789abcdef0"
  instance_type               = "m5.large"
  subnet_id                   = aws_subnet.net.id
  associate_public_ip_address = true
  user_data                   = "export DB_PASSWORD=hunter2hunter2\n"
  metadata_options {
    http_tokens = "optional"
  }
}

resource "aws_launch_template" "right" {
  name     = "estate-template-right"
  image_id = "ami-0123456789abcdef0"
  metadata_options {
    http_tokens = "required"
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      encrypted = true
    }
  }
}

resource "aws_launch_template" "wrong" {
  name      = "estate-template-wrong"
  image_id  = "ami-0123456789abcdef0"
  user_data = base64encode("export API_TOKEN=abcdabcd1\n")
  network_interfaces {
    device_index                = 0
    associate_public_ip_address = true
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      encrypted = false
    }
  }
}

resource "aws_ami_from_instance" "wrong" {
  name               = "estate-image-wrong"
  source_instance_id = aws_instance.wrong.id
}

resource "aws_ami_launch_permission" "all" {
  image_id = aws_ami_from_instance.wrong.id
  group    = "all"
}

resource "aws_ami_from_instance" "right" {
  name               = "estate-image-right"
  source_instance_id = aws_instance.right.id
}

resource "aws_vpc" "net" {
  cidr_block = "10.20.0.0/16"
}

resource "aws_subnet" "net" {
  vpc_id     = aws_vpc.net.id
  cidr_block = "10.20.1.0/24"
}
