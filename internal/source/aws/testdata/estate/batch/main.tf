resource "aws_batch_job_definition" "right" {
  name = "chart-right"
  type = "container"
  container_properties = jsonencode({
    image       = "chart@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    command     = ["run"]
    privileged  = false
    environment = [{ name = "STAGE", value = "prod" }]
  })
}

resource "aws_batch_job_definition" "wrong" {
  name = "chart-wrong"
  type = "container"
  container_properties = jsonencode({
    image       = "chart@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    command     = ["run"]
    privileged  = true
    environment = [{ name = "DB_PASSWORD", value = "planted-hunter2" }]
  })
}
