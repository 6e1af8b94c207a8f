# make test        everything that CI proves; sets up what it needs
# make test-quick  the tests that answer in under two minutes
# make bench       the kept benchmarks
# make build       bin/ward

export GOFLAGS := -buildvcs=false
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

.venv/ready: $(PINS)
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq python3 python3-venv; }
	python3 -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $(PINS)
	@touch $@

lint:
	@test -z "$$(gofmt -l cmd internal catalog | tee /dev/stderr)" || { echo "run gofmt -w on these files"; exit 1; }
	go vet ./...

test: setup lint
	go test -timeout 20m ./...

test-quick: lint
	go test -short -timeout 5m ./...

bench:
	go test -run '^$$' -bench . -benchmem -benchtime 3x ./internal/bench/...

# Each fuzz target for a short while; CI runs their seeds only.
fuzz:
	@for p in $$(go list ./internal/...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-20s} $$p || exit 1; \
	  done; \
	done
