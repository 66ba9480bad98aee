SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help go build demo test conformance lint vuln fmt cross bench bench-ssh try-deploy docs man completions screenshots recording install \
	release release-check reproducible clean

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
# The commit's time and not the build's: the same commit gives the same program.
DATE ?= $(shell TZ=UTC git show -s --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)
GO := $(shell sed -n 's/^go //p' go.mod)
# As .goreleaser.yaml builds: nothing of the machine, the folder or the C compiler gets in.
RELEASE_BUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
BENCHTIME ?= 1s
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0
GORELEASER := go run github.com/goreleaser/goreleaser/v2@v2.15.0
VHS := go run github.com/charmbracelet/vhs@v0.10.0
SBOM := go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
# The go command leaves folders with a leading dot out of ./... .
TOOLS := $(sort $(patsubst %/,./%,$(dir $(wildcard .ci/*/*.go .ci/*/*/*.go))))
# The race detector needs a C compiler.
RACE := $(shell { command -v "$$(go env CC | cut -d' ' -f1)" && [ "$$(go env CGO_ENABLED)" = 1 ]; } >/dev/null 2>&1 && echo -race)

help: ## print this list
	@echo "usher: the console for the people who look after the users of an Auth0 tenant"
	@echo
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# A go command before 1.21 fetches no newer one and cannot even read go.mod; later ones say themselves what they lack.
go:
	@command -v go >/dev/null || { echo 'usher is built with Go $(GO) or newer, which is not here: https://go.dev/dl'; exit 1; }
	@case "$$(go env GOVERSION)" in go1.[0-9]|go1.[0-9].*|go1.1[0-9]*|go1.20*|'') \
		echo "usher needs Go $(GO) or newer, and this is $$(go version | cut -d' ' -f3): https://go.dev/dl"; exit 1;; esac

build: go ## build bin/usher
	@[ -e bin/usher ] || echo 'building bin/usher; the first time takes a minute or two'
	@mkdir -p bin
	@go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/usher

demo: build ## run the console on the embedded tenant; ARGS="--as support" passes flags on
	@exec ./bin/usher demo $(ARGS)

test: go ## run every test, with the race detector where there is a C compiler; ends with a count of packages
	@[ -n '$(RACE)' ] || echo 'No C compiler: the tests run without the race detector.'
	@go test $(RACE) ./... | awk ' \
		/^ok[ \t]/ { passed++ } /^FAIL[ \t]/ { failed++ } { print; fflush() } \
		END { printf "%d passed, %d failed\n", passed, failed }'

conformance: build ## let Auth0's official Node SDK drive the local tenant (needs Node and a network for packages)
	@command -v node >/dev/null && command -v npm >/dev/null || { \
		echo 'conformance needs Node 20.19, 22.12, 24 or newer with npm, which this machine lacks: https://nodejs.org'; exit 1; }
	@cd .ci/conformance && npm ci --ignore-scripts --no-audit --no-fund --silent && USHER='$(CURDIR)/bin/usher' node --test *.test.js

lint: go ## check format, go vet and golangci-lint
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; }
	go vet ./... $(TOOLS)
	$(GOLANGCI) run ./...

vuln: ## look the program's modules up in Go's vulnerability database (needs a network)
	$(GOVULNCHECK) ./...

fmt: ## format all Go files
	@gofmt -w .

cross: ## compile for Linux, macOS and Windows
	@for os in linux darwin windows; do echo "building for $$os"; CGO_ENABLED=0 GOOS=$$os go build ./...; done

bench: build ## run the Go benchmarks, then measure the program in a terminal beside its targets (Linux)
	@go test -run '^$$' -bench . -benchmem -benchtime=$(BENCHTIME) ./...
	@if [ "$$(uname)" = Linux ]; then \
		go build -ldflags '-s -w' -o bin/ ./.ci/bench/floor ./.ci/bench/floorssh && go run ./.ci/bench bin/usher bin/floor bin/floorssh; fi

bench-ssh: build ## measure the console over SSH alone, under load and attacked (Linux)
	@go build -ldflags '-s -w' -o bin/ ./.ci/bench/floorssh && go run ./.ci/bench -ssh bin/usher bin/floorssh

try-deploy: go ## start the units and the image of docs/deploy for real in a virtual machine (Debian, root)
	@.ci/deploy/try

docs: ## write docs/commands.md and docs/keyboard.md anew from the program
	@go test ./cmd/usher -run '^TestTheCommandReferenceIsTrue$$' -update
	@go test ./ui -run '^TestTheKeyboardPageIsTrue$$' -update

man: go ## write the manual pages into share/man (man -M share/man usher)
	@SOURCE_DATE_EPOCH=$$(git show -s --format=%ct HEAD 2>/dev/null || echo 0) \
		go test ./cmd/usher -run '^TestEveryCommandHasAManualPage$$' -count=1 -man '$(CURDIR)/share/man/man1' >/dev/null

completions: go ## write the completions of bash, zsh, fish and powershell into share/completions
	@mkdir -p share/completions
	@for shell in bash zsh fish powershell; do go run ./cmd/usher completion $$shell > share/completions/usher.$$shell; done

screenshots: build ## draw docs/screenshots anew from the running program
	@go run ./.ci/screenshots -shots ./bin/usher docs/screenshots

recording: build ## play the main job as demo.tape does, and draw it into docs/demo.svg
	@go run ./.ci/screenshots -record ./bin/usher docs/demo.svg

install: go ## install usher into go's bin folder
	@go install -ldflags '$(LDFLAGS)' ./cmd/usher

release: man completions ## build archives, their SBOMs and checksums for every platform into dist/
	@rm -rf dist; mkdir -p dist
	@for platform in $(PLATFORMS); do \
		os=$${platform%/*}; arch=$${platform#*/}; name=usher_$(VERSION)_$${os}_$$arch; \
		echo "$$name"; mkdir -p dist/$$name; \
		GOOS=$$os GOARCH=$$arch $(RELEASE_BUILD) -o dist/$$name/ ./cmd/usher; \
		$(SBOM) bin -json -noserial -notimestamp -version '$(VERSION)' -output dist/$$name.bom.json dist/$$name/usher* 2>/dev/null; \
		cp -r LICENSE README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs share dist/$$name/; \
		tar -czf dist/$$name.tar.gz -C dist $$name; rm -r dist/$$name; \
	done
	@cd dist; if command -v sha256sum >/dev/null; then sha256sum usher_*; else shasum -a 256 usher_*; fi > checksums.txt

release-check: ## let goreleaser check .goreleaser.yaml, and vhs demo.tape
	$(GORELEASER) check
	$(VHS) validate demo.tape

reproducible: ## build the commit twice, in two folders and with two caches, and compare the programs
	@work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	for n in one two; do git clone --quiet . "$$work/$$n"; done; \
	(cd "$$work/one"; $(RELEASE_BUILD) -o "$$work/usher-one" ./cmd/usher); \
	(cd "$$work/two"; GOCACHE="$$work/cache" $(RELEASE_BUILD) -o "$$work/usher-two" ./cmd/usher); \
	cmp "$$work/usher-one" "$$work/usher-two"; \
	if command -v sha256sum >/dev/null; then sha256sum < "$$work/usher-one"; else shasum -a 256 < "$$work/usher-one"; fi

clean: ## remove what was built
	@rm -rf bin dist share
