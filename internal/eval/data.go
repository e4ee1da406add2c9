package main

import _ "embed"

//go:embed testdata/substances.tsv
var substanceRows string
