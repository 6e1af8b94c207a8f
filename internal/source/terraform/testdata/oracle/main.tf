# Every terraform_data here is planned by the real terraform and read by this reader; both must say the same.
variable "plain" {
  default = "from default"
}
variable "from_tfvars" {
  type = string
}
variable "from_auto" {
  type    = number
  default = 1
}
variable "from_json" {
  type = map(string)
}
variable "settings" {
  type = object({
    name    = string
    size    = optional(number, 10)
    tags    = optional(map(string), {})
    nested  = optional(object({ on = optional(bool, true), note = optional(string) }), {})
    missing = optional(string)
  })
  default = { name = "clinic" }
}
variable "rules" {
  type = list(object({ port = number, open = optional(bool, false) }))
  default = [{ port = 443 }, { port = "22", open = true }]
}
variable "names" {
  type    = set(string)
  default = ["b", "a", "b"]
}
variable "not_null" {
  type     = string
  default  = "kept"
  nullable = false
}

locals {
  list   = ["x", "y", "z"]
  map    = { one = 1, two = 2, three = 3 }
  mixed  = [1, "two", true, null, [3]]
  people = [{ name = "ann", age = 41 }, { name = "bob", age = 17 }]
  chain  = local.chain2
  chain2 = "${var.plain}!"
  file   = file("${path.module}/files/note.txt")
}

resource "terraform_data" "unknown" {
  input = "id is known after apply"
}

resource "terraform_data" "counted" {
  count = 3
  input = "n${count.index}"
}

resource "terraform_data" "keyed" {
  for_each = { a = "x", "b c" = "y" }
  input    = "${each.key}=${each.value}"
}

resource "terraform_data" "set" {
  for_each = toset(["q", "p"])
  input    = each.value
}

resource "terraform_data" "none" {
  count = 0
}

resource "terraform_data" "variables" {
  input = {
    plain       = var.plain
    from_tfvars = var.from_tfvars
    from_auto   = var.from_auto
    from_json   = var.from_json
    settings    = var.settings
    rules       = var.rules
    names       = var.names
    chain       = local.chain
    file        = local.file
  }
}

resource "terraform_data" "operators" {
  input = {
    arithmetic  = [1 + 2 * 3, 7 / 2, 7 % 3, -(-4), 2 - 5]
    comparison  = [1 < 2, 2 <= 1, "a" == "a", "1" == 1, [1] == [1], null == null, { a = 1 } != { a = 1 }]
    logic       = [true && false, true || false, !true]
    conditional = [true ? "a" : "b", false ? 1 : "b", var.from_auto > 1 ? local.list : []]
    precedence  = 1 + 2 == 3 && !(4 < 3) ? "yes" : "no"
    index       = [local.list[0], local.map["two"], local.people[1].name, local.list.1]
    splat       = [local.people[*].name, local.people.*.age, local.list[*], "one"[*], null[*]]
  }
}

resource "terraform_data" "for" {
  input = {
    list    = [for s in local.list : upper(s)]
    indexed = [for i, s in local.list : "${i}${s}"]
    filter  = [for p in local.people : p.name if p.age >= 18]
    object  = { for k, v in local.map : upper(k) => v * 10 }
    group   = { for p in local.people : p.age > 18 ? "adult" : "minor" => p.name... }
    map     = [for k, v in local.map : "${k}=${v}"]
    nested  = [for a in [1, 2] : [for b in ["x", "y"] : "${a}${b}"]]
    set     = [for n in var.names : n]
  }
}

resource "terraform_data" "templates" {
  input = {
    plain     = "a ${local.list[0]} b ${1 + 1} c ${true}"
    escaped   = "$${not.me} %%{nor.me} \"q\" \u00e9 \n"
    wrapped   = "${local.map}"
    directive = "%{if var.from_auto > 1}big%{else}small%{endif}"
    loop      = "%{for s in local.list}<${s}>%{endfor}"
    heredoc   = <<-EOT
      first ${var.plain}
        second
      %{for s in local.list~}
      - ${s}
      %{endfor~}
    EOT
    file      = templatefile("files/greeting.tftpl", { name = "Ann", items = ["a", "b"] })
  }
}

resource "terraform_data" "numbers" {
  input = [abs(-3), ceil(1.2), floor(1.8), log(8, 2), max(1, 5, 3), min(4, 2), parseint("ff", 16), pow(2, 10),
  signum(-7), max([3, 9]...), 0.1 + 0.2, 1e3]
}

resource "terraform_data" "strings" {
  input = {
    all = [chomp("a\n"), format("%s-%03d-%v", "a", 7, true), indent(2, "a\nb"), join("-", ["a", "b"]), lower("ABC"),
      regex("[a-z]+", "12ab34"), replace("aXbX", "X", "-"), replace("a1b22", "/[0-9]+/", "#"), strrev("abc"),
      substr("hello", 1, 3), title("two words"), trim("?!a?!", "!?"), trimprefix("abcd", "ab"), trimspace("  a "),
    trimsuffix("abcd", "cd"), upper("abc")]
    lists   = [formatlist("%s!", ["a", "b"]), regexall("[a-z]", "a1b2"), split(",", "a,b,c")]
    groups  = regex("(?P<name>[a-z]+)=(?P<value>[0-9]+)", "size=12")
    tests   = [startswith("abc", "ab"), endswith("abc", "bc"), strcontains("abc", "xx")]
    encoded = [base64encode("hi"), base64decode("aGk="), urlencode("a b&c"), jsonencode({ b = 1, a = [true, null, "<x>"] })]
    decoded = [jsondecode("{\"a\":[1,2]}"), yamldecode("a: [1, x]\nb: true"), csvdecode("a,b\n1,2\n")]
    hashes  = [md5("a"), sha1("a"), sha256("a"), sha512("a"), base64sha256("a"), base64sha512("a"), uuidv5("dns", "example.org")]
    paths   = [basename("/a/b.txt"), dirname("/a/b.txt"), basename("b"), dirname("b")]
    times   = [formatdate("YYYY-MM-DD", "2024-02-03T04:05:06Z"), timeadd("2024-02-03T04:05:06Z", "24h"), timecmp("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z")]
    cidr    = [cidrhost("10.0.0.0/16", 5), cidrnetmask("10.0.0.0/16"), cidrsubnet("10.0.0.0/16", 8, 2), cidrsubnets("10.0.0.0/16", 4, 8)]
  }
}

resource "terraform_data" "collections" {
  input = {
    bools     = [alltrue([true, true]), alltrue([]), anytrue([false, true]), anytrue([])]
    pick      = [coalesce("", null, "c"), coalescelist([], ["a"]), element(local.list, 4), index(local.list, "y"), one(["a"]), one([]), lookup(local.map, "two", 0), lookup({}, "x", "dflt")]
    lists     = [chunklist([1, 2, 3], 2), compact(["a", "", "b"]), concat(["a"], ["b", "c"]), distinct(["a", "b", "a"]), flatten([["a"], [["b"], "c"]]), range(3), range(1, 7, 2), reverse(local.list), slice(local.list, 1, 3), sort(["c", "a"]), sum([1, 2, 3.5])]
    sizes     = [length(local.list), length(local.map), length("héllo"), length(var.names)]
    contains  = [contains(local.list, "x"), contains(local.list, "nope")]
    maps      = [keys(local.map), values(local.map), merge({ a = 1, b = 2 }, { b = 3 }), zipmap(["a", "b"], [1, 2]), transpose({ a = ["x", "y"], b = ["x"] })]
    matchkeys = matchkeys(["i1", "i2", "i3"], ["a", "b", "a"], ["a"])
    sets      = [setunion(["a"], ["b", "a"]), setintersection(["a", "b"], ["b"]), setsubtract(["a", "b"], ["a"]), toset(["b", "a", "b"])]
    product   = setproduct(["a", "b"], ["x", "y"])
    types     = [tostring(5), tonumber("5"), tobool("true"), tolist(toset(["b", "a"])), tomap({ a = "x" })]
    expand    = merge([{ a = 1 }, { b = 2 }]...)
    errors    = [try(local.map.nope, "fallback"), try(tonumber("x"), null, 3), can(local.map.one), can(local.map.nope), can(regex("^a", "b"))]
  }
}

resource "terraform_data" "files" {
  input = {
    text   = file("files/note.txt")
    base64 = filebase64("files/note.txt")
    exists = [fileexists("files/note.txt"), fileexists("files/nope.txt")]
    set    = fileset("files", "**")
    only   = fileset("${path.module}/files", "*.txt")
    hashes = [filemd5("files/note.txt"), filesha256("files/note.txt")]
    module = [path.module, path.root]
  }
}

resource "terraform_data" "references" {
  input = {
    counted   = terraform_data.counted[*].input
    first     = terraform_data.counted[0].input
    keyed     = { for k, r in terraform_data.keyed : k => r.input }
    one_key   = terraform_data.keyed["b c"].input
    none      = [length(terraform_data.none), one(terraform_data.none[*].id), try(terraform_data.none[0].input, "none")]
    modules   = [module.inner["m"].greeting, module.inner["n"].greeting, module.single.settings]
    counts    = [for m in module.counted : m.greeting]
    set_sizes = length(terraform_data.set)
  }
}

resource "terraform_data" "unknown_parts" {
  input = {
    id       = terraform_data.unknown.id
    template = "id-${terraform_data.unknown.id}"
    list     = [terraform_data.unknown.id, "known"]
    length   = length([terraform_data.unknown.id, "b"])
    nested   = { a = { b = terraform_data.unknown.output, c = 1 } }
    upper    = upper(terraform_data.unknown.id)
    either   = terraform_data.unknown.id == "x" ? "a" : "b"
    json     = jsonencode({ id = terraform_data.unknown.id })
    keys     = keys({ a = terraform_data.unknown.id })
    lookup   = lookup({ a = terraform_data.unknown.id, b = "known" }, "b", "no")
  }
}

module "inner" {
  source   = "./inner"
  for_each = { m = "Ann", n = "Bob" }
  name     = each.value
}

module "counted" {
  source = "./inner"
  count  = 2
  name   = "c${count.index}"
}

module "single" {
  source   = "./inner"
  name     = null
  settings = { deep = { list = [1, 2] } }
}
