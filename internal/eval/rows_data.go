package main

import _ "embed"

// syntheticRows is rows of invented shops in the languages of Central Asia.
//
//go:embed testdata/rows.jsonl
var syntheticRows string
