variable "plain" {
  default = "from override"
}

resource "terraform_data" "overridden" {
  input = "new"
}
