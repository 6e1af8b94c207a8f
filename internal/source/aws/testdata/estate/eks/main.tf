resource "aws_kms_key" "secrets" {}

resource "aws_eks_cluster" "right" {
  name                      = "clinic-right"
  version                   = "1.34"
  role_arn                  = "arn:aws:iam::123456789012:role/eks"
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  vpc_config {
    subnet_ids              = ["subnet-1", "subnet-2"]
    endpoint_public_access  = false
    endpoint_private_access = true
  }
  encryption_config {
    resources = ["secrets"]
    provider {
      key_arn = aws_kms_key.secrets.arn
    }
  }
}

resource "aws_eks_cluster" "wrong" {
  name     = "clinic-wrong"
  version  = "1.24"
  role_arn = "arn:aws:iam::123456789012:role/eks"
  vpc_config {
    subnet_ids              = ["subnet-1", "subnet-2"]
    endpoint_public_access  = true
    endpoint_private_access = false
    public_access_cidrs     = ["0.0.0.0/0"]
  }
}

resource "aws_eks_node_group" "right" {
  cluster_name    = aws_eks_cluster.right.name
  node_group_name = "nodes-right"
  node_role_arn   = "arn:aws:iam::123456789012:role/eks"
  subnet_ids      = ["subnet-1"]
  remote_access {
    ec2_ssh_key               = "admin"
    source_security_group_ids = ["sg-12345678"]
  }
}

resource "aws_eks_node_group" "wrong" {
  cluster_name    = aws_eks_cluster.wrong.name
  node_group_name = "nodes-wrong"
  node_role_arn   = "arn:aws:iam::123456789012:role/eks"
  subnet_ids      = ["subnet-1"]
  remote_access {
    ec2_ssh_key = "admin"
  }
}
