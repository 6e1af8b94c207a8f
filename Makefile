# make test        everything that CI proves; sets up what it needs
# make test-quick  the tests that answer in under two minutes
# make bench       the kept benchmarks
# make build       bin/ward

export GOFLAGS := -buildvcs=false

.PHONY: build test test-quick lint bench fuzz setup

build:
	go build -trimpath -ldflags "-s -w" -o bin/ward ./cmd/ward

setup:
	@command -v go >/dev/null || { command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq golang-go; }
	@go version
	@go mod download

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
