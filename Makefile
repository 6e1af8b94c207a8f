# make test        everything that CI proves; sets up what it needs
# make test-quick  the tests that answer in under two minutes
# make bench       the kept benchmarks
# make build       bin/ward
# make setup       what tests need: an emulator of AWS, kube-apiserver and etcd (4 minutes once)

# Without the tag, kustomize imports package plugin, and the linker then keeps every method of every AWS client: 640 MB.
export GOFLAGS := -buildvcs=false -tags=kustomize_disable_go_plugin_support
# The emulator of AWS that tests run against, in a Python environment of its own.
export WARD_MOTO ?= $(CURDIR)/.venv/bin/moto_server
PINS := internal/source/aws/testdata/requirements.txt

.PHONY: build test test-quick lint bench fuzz setup

build:
	go build -trimpath -ldflags "-s -w" -o bin/ward ./cmd/ward

setup: .venv/ready
	@command -v go >/dev/null || { command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq golang-go; }
	@go version
	@go mod download
	@$(MAKE) --no-print-directory bin/cluster/ready

.venv/ready: $(PINS)
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq python3 python3-venv; }
	python3 -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $(PINS)
	@touch $@

# The Kubernetes that tests run against, from its Go modules. A module of its own, so that Ward's does not hold what it needs.
KUBERNETES := $(shell sed -n 's|^\tk8s.io/kubernetes \(v[0-9.]*\).*|\1|p' test/cluster/go.mod)
STAMP := -X k8s.io/component-base/version

bin/cluster/ready: test/cluster/go.mod test/cluster/go.sum
	@mkdir -p bin/cluster
	cd test/cluster && CGO_ENABLED=0 go build -o ../../bin/cluster/ \
	  -ldflags "-s -w $(STAMP).gitVersion=$(KUBERNETES) $(STAMP).gitMajor=1 $(STAMP).gitMinor=$(word 2,$(subst ., ,$(KUBERNETES)))" k8s.io/kubernetes/cmd/kube-apiserver
	cd test/cluster && CGO_ENABLED=0 go build -o ../../bin/cluster/etcd -ldflags "-s -w" go.etcd.io/etcd/server/v3
	@touch $@

lint:
	@test -z "$$(gofmt -l cmd internal catalog | tee /dev/stderr)" || { echo "run gofmt -w on these files"; exit 1; }
	go vet ./...

test: setup lint
	go test -timeout 20m ./...

test-quick: lint
	go test -short -timeout 5m ./...

bench:
	go test -run '^$$' -bench . -benchmem -benchtime 3x ./internal/bench/... ./internal/image ./internal/vulndb

# Each fuzz target for a short while; CI runs their seeds only.
fuzz:
	@for p in $$(go list ./internal/...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-20s} $$p || exit 1; \
	  done; \
	done
