# make run    the demo, nothing to install but Go
# make test   everything CI checks; installs what the tests need first
.PHONY: run build test check deps bench eval model fuzz docs web clean

GO ?= go
BIN := bin/tamga

run: build
	$(BIN) demo

build:
	$(GO) build -trimpath -o $(BIN) ./cmd/tamga

deps:
	scripts/deps.sh

test: deps check
	$(GO) test -race -timeout 40m ./...
	$(GO) test -run 'TestFigures|Memory' ./internal/eval ./chain/bitcoin ./cmd/tamga # measured without the race detector
	cd chain/evm/gethtest && $(GO) vet . && $(GO) test -timeout 20m .

check:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$bad" || { echo "gofmt: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) mod verify

bench:
	$(GO) test -run '^$$' -bench . -benchtime 3x ./evidence ./extract ./chain/... ./index/bleve ./cmd/tamga

# What is read against labelled truth, as the table of docs/benchmarks.md.
eval:
	$(GO) run ./internal/eval

# The learned weights, from the labelled sets; the same input makes the same bytes.
model:
	$(GO) run ./extract/category/train
	scripts/language-corpus.sh
	$(GO) run ./extract/language/train
	$(GO) run ./extract/tagger/train

# Every fuzz target for FUZZTIME each.
FUZZTIME ?= 30s
fuzz:
	scripts/fuzz.sh $(FUZZTIME)

docs: build
	$(BIN) generate --markdown docs/manual

web:
	cd dashboards/web && npm ci --no-audit --no-fund && npm run build

clean:
	rm -rf bin
