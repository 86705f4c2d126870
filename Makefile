# A machine with Go, git and make passes `make demo` and `make test`. Other targets install what they need into bin/.

MODULE    := github.com/imgtool/imgtool
VERSION   := $(shell git describe --tags --match 'v*' --always --dirty 2>/dev/null || echo unknown)
LDFLAGS   := -s -w -X $(MODULE)/internal/command.version=$(VERSION)
PLATFORMS := linux/amd64 linux/arm64 darwin/arm64 darwin/amd64

GOLANGCI_VERSION := v2.15.0
GOLANGCI         := $(CURDIR)/bin/golangci-lint-$(GOLANGCI_VERSION)/golangci-lint

FUZZTIME  ?= 10s
TESTFLAGS ?=
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: help build demo test test-user race lint fmt fuzz cross docs check accept interop bench ci clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build ./imgtool, one static binary
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o imgtool .

demo: build ## load, show, save and verify a real archive
	IMGTOOL=$(CURDIR)/imgtool scripts/demo.sh

test: ## run the tests (Go is all they need; what is missing is skipped)
	go test $(TESTFLAGS) ./...

test-user: ## run the tests as an ordinary user, where you are root
	scripts/test-user.sh

race: ## run the tests with the race detector (needs gcc)
	CGO_ENABLED=1 go test -race $(TESTFLAGS) ./...

lint: $(GOLANGCI) ## lint, check the format and break each floor
	$(GOLANGCI) config verify
	$(GOLANGCI) run --allow-parallel-runners ./...
	scripts/floors-test.sh $(GOLANGCI)
	scripts/shell-lint.sh

fmt: $(GOLANGCI) ## format the code
	$(GOLANGCI) fmt ./...

fuzz: ## fuzz every target for FUZZTIME (10s) each
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

cross: ## build and vet for every platform
	@set -e; for platform in $(PLATFORMS); do \
		echo "$$platform"; \
		export CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/}; \
		go build ./...; \
		go vet ./...; \
	done

docs: ## write the pages that come from the command table
	go run ./internal/docgen

check: ## list promises without a test
	scripts/check.sh

accept: build ## hold the binary against real archives (IMGTOOL_ACCEPT, IMGTOOL_FIXTURES)
	scripts/accept.sh $(CURDIR)/imgtool

interop: build ## exchange images with real peers
	IMGTOOL=$(CURDIR)/imgtool scripts/interop/run.sh

bench: build ## measure against real peers
	IMGTOOL=$(CURDIR)/imgtool bench/run.sh

ci: ## everything that a change must pass
	scripts/ci.sh

clean: ## remove what was built
	rm -rf imgtool bin dist

$(GOLANGCI):
	GOBIN=$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
