package config

import "errors"

// Watch is how `tamga watch` keeps going.
type Watch struct {
	MinFree Bytes    `toml:"min_free"`       // kept free on the workspace's disk; 0: 1GiB, or 5 % of the disk where that is less
	Memory  Bytes    `toml:"memory"`         // that the program may hold; 0: no limit
	Seal    Duration `toml:"seal"`           // between two times that [Custody] is asked to vouch for what is new, at least; 0: only `tamga seal` asks
	Metrics string   `toml:"metrics"`        // address of figures for Prometheus, host:port; empty: none
	Remote  bool     `toml:"metrics_remote"` // that address may be one that other machines reach
}

func (w Watch) check() error {
	if w.Seal < 0 {
		return errors.New("setting watch.seal is not below zero")
	}
	return nil
}
