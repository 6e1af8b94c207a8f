variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "log_retention_days" {
  description = "How long application logs are kept. Set by each environment."
  type        = number
}

variable "clinic_ranges" {
  description = "Networks of the clinic's own buildings."
  type        = list(string)
  default     = ["203.0.113.0/24"]
}

locals {
  phi = { data = "phi", owner = "portal" }
}
