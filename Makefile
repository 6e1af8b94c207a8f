# make test        everything that CI proves; sets up what it needs
# make test-node   a vulnerable container found and stopped on a real node (as root)
# make test-quick  the tests that answer in under two minutes
# make bench       the kept benchmarks
# make build       bin/ward
# make setup       what tests need: an emulator of AWS, kube-apiserver and etcd, PostgreSQL, a browser, strace, clamd (4 minutes once)

# Without the tag, kustomize imports package plugin, and the linker then keeps every method of every AWS client: 640 MB.
export GOFLAGS := -buildvcs=false -tags=kustomize_disable_go_plugin_support
# The emulator of AWS that tests run against, in a Python environment of its own.
export WARD_MOTO ?= $(CURDIR)/.venv/bin/moto_server
PINS := internal/source/aws/testdata/requirements.txt test/browser/requirements.txt

# A package of Debian, where that is the system.
DEBIAN := command -v apt-get >/dev/null && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq

.PHONY: build test test-node test-quick lint bench fuzz setup

build:
	go build -trimpath -ldflags "-s -w" -o bin/ward ./cmd/ward

setup: .venv/ready
	@command -v go >/dev/null || { command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq golang-go; }
	@go version
	@go mod download
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || $(DEBIAN) postgresql
	@command -v chromium >/dev/null || $(DEBIAN) chromium
	@test -x /usr/sbin/mariadbd || command -v mariadbd >/dev/null || $(DEBIAN) mariadb-server-core
	@command -v strace >/dev/null || $(DEBIAN) strace
	@test -x /usr/sbin/clamd || command -v clamd >/dev/null || $(DEBIAN) --no-install-recommends clamav-daemon
	@$(MAKE) --no-print-directory bin/cluster/ready

.venv/ready: $(PINS)
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq python3 python3-venv; }
	python3 -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps $(PINS:%=-r %)
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

# What make test-node needs besides: the programs of a node, of the same module; containerd, runc and the bridge of Debian; and
# Debian's packages that the images there are made of, an older and the newest openssl.
bin/node/ready: test/cluster/go.mod test/cluster/go.sum
	@mkdir -p bin/node
	cd test/cluster && CGO_ENABLED=0 go build -o ../../bin/node/ \
	  -ldflags "-s -w $(STAMP).gitVersion=$(KUBERNETES) $(STAMP).gitMajor=1 $(STAMP).gitMinor=$(word 2,$(subst ., ,$(KUBERNETES)))" \
	  k8s.io/kubernetes/cmd/kubelet k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kube-scheduler
	@touch $@

bin/node/debs/ready:
	@mkdir -p bin/node/debs/older bin/node/debs/newer bin/node/debs/shared
	apt-get update -qq
	versions=$$(apt-cache madison openssl | cut -d'|' -f2 | sort -uV); set -- $$versions; older=$$1; newer=$$(echo "$$versions" | tail -1 | tr -d ' '); \
	cd bin/node/debs && for v in older=$$older newer=$$newer; do \
	  (cd $${v%%=*} && rm -f *.deb && apt-get download -qq -o APT::Sandbox::User=root openssl=$${v#*=} libssl3=$${v#*=}) || exit 1; \
	done && cd shared && rm -f *.deb && apt-get download -qq -o APT::Sandbox::User=root libc6 base-files busybox-static
	@touch $@

lint:
	@test -z "$$(gofmt -l cmd internal catalog deploy test | tee /dev/stderr)" || { echo "run gofmt -w on these files"; exit 1; }
	go vet ./...

# lint has vetted everything. Programs without tables for debuggers are linked in less time, and there are a hundred of them.
GO_TEST := go test -vet=off -ldflags=-s

test: setup lint
	$(GO_TEST) -timeout 20m ./...

# Containers that really run, on a node that takes root and Debian 12. CI does not run it. It leaves nothing behind, see test/node.
test-node: bin/cluster/ready bin/node/ready bin/node/debs/ready
	@test "$$(id -u)" = 0 || { echo "make test-node needs root: it runs containers"; exit 1; }
	@{ command -v containerd && command -v runc && command -v ip && test -x /usr/lib/cni/bridge; } > /dev/null || \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq containerd runc containernetworking-plugins iproute2
	WARD_NODE=1 go test -count=1 -v -timeout 15m ./test/node

test-quick: lint
	$(GO_TEST) -short -timeout 5m ./...

bench:
	go test -run '^$$' -bench . -benchmem -benchtime 3x ./internal/bench/... ./internal/image ./internal/vulndb ./internal/admission/webhook
	go test -run '^$$' -bench . -benchtime 1x -timeout 2h -v ./internal/history # 90 days of a million findings
	WARD_RESOURCES=100000 WARD_DAYS=90 go test -run '^$$' -bench Pages -benchtime 1x -timeout 2h -v ./internal/pages/dashboard
	WARD_RESOURCES=100000 WARD_DAYS=3 WARD_USERS=1000 WARD_SECONDS=120 go test -run '^$$' -bench Users -benchtime 1x -timeout 2h -v ./internal/serve

# Each fuzz target for a short while; CI runs their seeds only.
fuzz:
	@for p in $$(go list ./internal/...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-20s} $$p || exit 1; \
	  done; \
	done
