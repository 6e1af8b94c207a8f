from_tfvars = "tfvars"
from_auto = 2
from_json = { a = "1" }
