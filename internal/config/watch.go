package config

// Watch is how `tamga watch` keeps going.
type Watch struct {
	MinFree Bytes  `toml:"min_free"` // kept free on the workspace's disk; 0: 1GiB, or 5 % of the disk where that is less
	Memory  Bytes  `toml:"memory"`   // that the program may hold; 0: no limit
	Metrics string `toml:"metrics"`  // loopback address of figures for Prometheus, host:port; empty: none
}
