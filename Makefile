SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build demo test conformance lint fmt cross bench screenshots install release clean

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
BENCHTIME ?= 1s
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# The go command leaves folders with a leading dot out of ./... .
TOOLS := $(sort $(patsubst %/,./%,$(dir $(wildcard .ci/*/*.go .ci/*/*/*.go))))
# The race detector needs a C compiler.
RACE := $(shell command -v "$$(go env CC | cut -d' ' -f1)" >/dev/null 2>&1 && [ "$$(go env CGO_ENABLED)" = 1 ] && echo -race)

help: ## print this list
	@echo "usher: the console for the people who look after the users of an Auth0 tenant"
	@echo
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## build bin/usher
	@mkdir -p bin
	@go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/usher

demo: build ## run the console on the embedded tenant; ARGS="--as support" passes flags on
	@exec ./bin/usher demo $(ARGS)

test: ## run every test, with the race detector where there is a C compiler; ends with a count of packages
	@[ -n '$(RACE)' ] || echo 'No C compiler: the tests run without the race detector.'
	@go test $(RACE) ./... | awk ' \
		/^ok[ \t]/ { passed++ } /^FAIL[ \t]/ { failed++ } { print; fflush() } \
		END { printf "%d passed, %d failed\n", passed, failed }'

conformance: build ## let Auth0's official Node SDK drive the local tenant (needs Node and a network for packages)
	@command -v node >/dev/null && command -v npm >/dev/null || { \
		echo 'conformance needs Node 20.19, 22.12, 24 or newer with npm, which this machine lacks: https://nodejs.org'; exit 1; }
	@cd .ci/conformance && npm ci --ignore-scripts --no-audit --no-fund --silent && USHER='$(CURDIR)/bin/usher' node --test *.test.js

lint: ## check format, go vet and golangci-lint
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; }
	go vet ./... $(TOOLS)
	$(GOLANGCI) run ./...

fmt: ## format all Go files
	@gofmt -w .

cross: ## compile for Linux, macOS and Windows
	@for os in linux darwin windows; do echo "building for $$os"; CGO_ENABLED=0 GOOS=$$os go build ./...; done

bench: build ## run the Go benchmarks, then measure the program in a terminal beside its targets (Linux)
	@go test -run '^$$' -bench . -benchmem -benchtime=$(BENCHTIME) ./...
	@if [ "$$(uname)" = Linux ]; then \
		go build -ldflags '-s -w' -o bin/floor ./.ci/bench/floor && go run ./.ci/bench bin/usher bin/floor; fi

screenshots: build ## draw docs/screenshots anew from the running program
	@go run ./.ci/screenshots ./bin/usher docs/screenshots

install: ## install usher into go's bin folder
	@go install -ldflags '$(LDFLAGS)' ./cmd/usher

release: ## build archives and checksums for every platform into dist/
	@rm -rf dist; mkdir -p dist
	@for platform in $(PLATFORMS); do \
		os=$${platform%/*}; arch=$${platform#*/}; name=usher_$(VERSION)_$${os}_$$arch; \
		echo "$$name"; mkdir -p dist/$$name; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -ldflags '$(LDFLAGS)' -o dist/$$name/ ./cmd/usher; \
		cp LICENSE README.md CHANGELOG.md dist/$$name/; \
		tar -czf dist/$$name.tar.gz -C dist $$name; rm -r dist/$$name; \
	done
	@cd dist; if command -v sha256sum >/dev/null; then sha256sum *.tar.gz; else shasum -a 256 *.tar.gz; fi > checksums.txt

clean: ## remove what was built
	@rm -rf bin dist
