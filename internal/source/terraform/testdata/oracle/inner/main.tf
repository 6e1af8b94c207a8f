variable "name" {
  type     = string
  default  = "nobody"
  nullable = false
}

variable "settings" {
  type = object({
    deep = optional(object({ list = list(string), extra = optional(string, "e") }))
  })
  default = {}
}

resource "terraform_data" "inner" {
  input = { greeting = "hello ${var.name}", path = path.module, settings = var.settings }
}

output "greeting" {
  value = terraform_data.inner.input.greeting
}

output "settings" {
  value = var.settings
}
