// Command train makes extract/category/weights.bin from the labelled titles of
// $TAMGA_DATA (agora/listings_2014_2015.csv), without the vendors that are set
// aside for measuring: go run ./extract/category/train, or make model.
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"

	"tamga/extract/category"
)

// group is the group of the contract that a section of the market stands for.
// The sections that overlap the groups teach only what is none of them.
var group = map[string]string{
	"Cannabis": "cannabis", "Ecstasy": "ecstasy", "Stimulants": "stimulants", "Psychedelics": "psychedelics",
	"Opioids": "opioids", "Benzos": "benzodiazepines", "Dissociatives": "dissociatives", "Disassociatives": "dissociatives",
	"Steroids": "steroids", "Prescription": "prescription", "RCs": "other-drug", "Other": "other-drug",
	"Weight loss": "prescription", "Barbiturates": "prescription",
}

func main() {
	data := flag.String("data", filepath.Join(dataFolder(), "agora", "listings_2014_2015.csv"), "labelled titles")
	out := flag.String("out", "extract/category/weights.bin", "where the weights go")
	flag.Parse()
	if err := run(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(data, out string) error {
	samples, err := read(data)
	if err != nil {
		return err
	}
	m, err := category.Train(samples, category.Default)
	if err != nil {
		return err
	}
	b, err := m.Encode()
	if err != nil {
		return err
	}
	fmt.Printf("%d titles, %d bytes\n", len(samples), len(b))
	return os.WriteFile(out, b, 0o644)
}

func read(file string) ([]category.Sample, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	var samples []category.Sample
	seen := map[category.Sample]bool{}
	for _, r := range rows[1:] {
		title, vendor, section := r[0], r[1], r[2]
		h := fnv.New32a()
		h.Write([]byte(vendor))
		if h.Sum32()%5 == 0 { // set aside, as internal/eval has it
			continue
		}
		part := strings.Split(section, "/")
		s := category.Sample{Text: title, Vendor: vendor, Group: "other"}
		if part[0] == "Drugs" {
			if len(part) < 2 || group[part[1]] == "" {
				continue
			}
			s.Group = group[part[1]]
		}
		if !seen[s] {
			seen[s] = true
			samples = append(samples, s)
		}
	}
	return samples, nil
}

func dataFolder() string {
	if d := os.Getenv("TAMGA_DATA"); d != "" {
		return d
	}
	cache, _ := os.UserCacheDir()
	return filepath.Join(cache, "tamga-data")
}
