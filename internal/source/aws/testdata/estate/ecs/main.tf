resource "aws_kms_key" "shells" {}

resource "aws_ecs_cluster" "right" {
  name = "clinic-right"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
  configuration {
    execute_command_configuration {
      kms_key_id = aws_kms_key.shells.arn
      logging    = "OVERRIDE"
      log_configuration {
        cloud_watch_log_group_name     = "shells"
        cloud_watch_encryption_enabled = true
      }
    }
  }
}

resource "aws_ecs_cluster" "wrong" {
  name = "clinic-wrong"
  setting {
    name  = "containerInsights"
    value = "disabled"
  }
  configuration {
    execute_command_configuration {
      logging = "NONE"
    }
  }
}

resource "aws_ecs_task_definition" "right" {
  family       = "chart-right"
  network_mode = "awsvpc"
  memory       = 512
  cpu          = 256
  container_definitions = jsonencode([{
    name                   = "app"
    image                  = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/chart@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    readonlyRootFilesystem = true
    user                   = "1000"
    memory                 = 512
    environment            = [{ name = "STAGE", value = "prod" }]
    logConfiguration       = { logDriver = "awslogs", options = { "awslogs-group" = "chart" } }
  }])
}

resource "aws_ecs_task_definition" "wrong" {
  family       = "chart-wrong"
  network_mode = "host"
  pid_mode     = "host"
  ipc_mode     = "host"
  container_definitions = jsonencode([{
    name                   = "app"
    image                  = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/chart@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    privileged             = true
    user                   = "root"
    readonlyRootFilesystem = false
    memoryReservation      = 64
    environment            = [{ name = "DB_PASSWORD", value = "planted-hunter2" }]
    linuxParameters        = { capabilities = { add = ["SYS_ADMIN"] } }
  }])
  volume {
    name      = "root"
    host_path = "/"
  }
}

resource "aws_ecs_service" "right" {
  name             = "chart-right"
  cluster          = aws_ecs_cluster.right.id
  task_definition  = aws_ecs_task_definition.right.arn
  launch_type      = "FARGATE"
  platform_version = "1.4.0"
  network_configuration {
    subnets          = ["subnet-12345678"]
    security_groups  = ["sg-12345678"]
    assign_public_ip = false
  }
}

resource "aws_ecs_service" "wrong" {
  name                   = "chart-wrong"
  cluster                = aws_ecs_cluster.wrong.id
  task_definition        = aws_ecs_task_definition.wrong.arn
  launch_type            = "FARGATE"
  platform_version       = "1.3.0"
  enable_execute_command = true
  network_configuration {
    subnets          = ["subnet-12345678"]
    security_groups  = ["sg-12345678"]
    assign_public_ip = true
  }
}
