// Package config reads the settings of a workspace and finds the workspace
// itself. A setting comes from a flag, else a TAMGA_* environment variable, else
// tamga.toml, else the default; [Config.Settings] tells which. The file is read
// strictly: a key that is not known is an error. Secrets are never flags.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Config is every setting. Each field of kind string, int, bool or Duration is a
// setting with a dotted key ("index.engine") and an environment variable
// (TAMGA_INDEX_ENGINE).
type Config struct {
	Operator string   `toml:"operator"` // who answers for the captures; default: the account's name
	Network  string   `toml:"network"`  // ledger network of queries: mainnet testnet signet regtest; ethereum sepolia ethereum-dev tron tron-nile
	Crawl    Crawl    `toml:"crawl"`
	Index    Index    `toml:"index"`
	Chain    Chain    `toml:"chain"`
	Serve    Serve    `toml:"serve"`
	Custody  Custody  `toml:"custody"`
	Watch    Watch    `toml:"watch"`
	Safety   Safety   `toml:"safety"`
	Sources  []Source `toml:"source"`
	Alerts   []Alert  `toml:"alert"`

	// Refused are sources that no pass could use; Sources has the others.
	Refused []Refused `toml:"-"`

	origin map[string]string
}

// Crawl is how the crawler behaves where a source does not say otherwise.
type Crawl struct {
	Proxy     string   `toml:"proxy"`      // SOCKS5 proxy of Tor, host:port
	I2PProxy  string   `toml:"i2p_proxy"`  // SOCKS5 proxy of I2P, host:port; empty: .i2p is refused
	Delay     Duration `toml:"delay"`      // between two requests to a host
	Parallel  int      `toml:"parallel"`   // requests to a host at a time
	Workers   int      `toml:"workers"`    // requests in all at a time
	Attempts  int      `toml:"attempts"`   // fetches of a URL that fails, the first included
	BodyCap   int64    `toml:"body_cap"`   // bytes of a response kept
	UserAgent string   `toml:"user_agent"` // sent with every request
	Direct    bool     `toml:"direct"`     // reach the clear web without Tor
	NoSandbox bool     `toml:"no_sandbox"` // the browser that draws pages runs without its own sandbox

	Control         string `toml:"control"`          // Tor's control port, host:port or unix:PATH; asked by `tamga doctor`
	ControlPassword Secret `toml:"control_password"` // of the control port, where it takes no cookie; better TAMGA_CRAWL_CONTROL_PASSWORD
}

// Index chooses the search engine.
type Index struct {
	Engine   string `toml:"engine"`   // bleve, elastic
	URL      string `toml:"url"`      // elastic: address of the cluster
	Prefix   string `toml:"prefix"`   // elastic: index names begin with it
	Username string `toml:"username"` // elastic: basic authentication
	Password Secret `toml:"password"` // elastic; better TAMGA_INDEX_PASSWORD
	APIKey   Secret `toml:"api_key"`  // elastic; better TAMGA_INDEX_API_KEY
	CA       string `toml:"ca"`       // elastic: PEM file of the authority
}

// Chain is where ledgers are asked beside the local index.
type Chain struct {
	Node     string `toml:"node"`     // RPC of Bitcoin Core or btcd, like http://127.0.0.1:8332
	User     string `toml:"user"`     // of the RPC
	Password Secret `toml:"password"` // of the RPC; better TAMGA_CHAIN_PASSWORD
	Cookie   string `toml:"cookie"`   // the node's .cookie file, in place of user and password
	Esplora  string `toml:"esplora"`  // Esplora or mempool API, like https://host/api
	Proxy    string `toml:"proxy"`    // SOCKS5 proxy to servers off this machine, host:port
	Direct   bool   `toml:"direct"`   // reach them without a proxy
	Attempts int    `toml:"attempts"` // at a question, the first included
	Memory   Bytes  `toml:"memory"`   // that building the ledger index may use

	Ethereum RPC `toml:"ethereum"` // node of Ethereum, or of a network that speaks as it does
	Tron     RPC `toml:"tron"`     // TRON's Ethereum dialect, the address ends in /jsonrpc
}

// RPC is a node of an account ledger.
type RPC struct {
	URL      Secret `toml:"url"` // like http://127.0.0.1:8545; providers put a key into it
	User     string `toml:"user"`
	Password Secret `toml:"password"` // better by the environment
}

// Serve is how the dashboards listen.
type Serve struct {
	Listen string `toml:"listen"` // loopback address
}

// Secret prints as stars wherever it is formatted, logged or shown.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// Default returns the settings of a new workspace.
func Default() *Config {
	return &Config{
		Network: "mainnet",
		Crawl: Crawl{
			Proxy: "127.0.0.1:9050", Delay: Duration(2 * time.Second), Parallel: 2, Workers: 16, Attempts: 4,
			BodyCap:   8 << 20,
			UserAgent: "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0",
			Control:   "127.0.0.1:9051",
		},
		Chain:   Chain{Attempts: 5, Memory: 4 << 30},
		Index:   Index{Engine: "bleve", URL: "http://127.0.0.1:9200", Prefix: "tamga"},
		Serve:   Serve{Listen: "127.0.0.1:0"},
		Custody: Custody{Timeout: Duration(30 * time.Second)},
		Watch:   Watch{Memory: 768 << 20, Seal: Duration(time.Hour)},
		origin:  map[string]string{},
	}
}

// Load reads file (which may be absent) over the defaults and the environment
// over both. lookup is os.LookupEnv outside of tests.
func Load(file string, lookup func(string) (string, bool)) (*Config, error) {
	c := Default()
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("read settings: %w", err)
	default:
		if err := c.decode(b); err != nil {
			return nil, fmt.Errorf("settings %s: %w", file, err)
		}
	}
	for _, s := range c.walk() {
		if v, ok := lookup(s.Env); ok {
			if err := c.Set(s.Key, v, s.Env); err != nil {
				return nil, err
			}
		}
	}
	return c, c.check()
}

func (c *Config) decode(b []byte) error {
	dec := toml.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(c); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			row, _ := strict.Errors[0].Position()
			return fmt.Errorf("line %d: unknown key %s", row, strings.Join(strict.Errors[0].Key(), "."))
		}
		return err
	}
	var present map[string]any
	if err := toml.Unmarshal(b, &present); err != nil {
		return err
	}
	for _, s := range c.walk() {
		if has(present, strings.Split(s.Key, ".")) {
			c.origin[s.Key] = "file"
		}
	}
	return nil
}

func has(m map[string]any, key []string) bool {
	v, ok := m[key[0]]
	if !ok || len(key) == 1 {
		return ok
	}
	sub, ok := v.(map[string]any)
	return ok && has(sub, key[1:])
}

func (c *Config) check() error {
	switch c.Network {
	case "mainnet", "testnet", "signet", "regtest":
	case "ethereum", "sepolia", "ethereum-dev", "tron", "tron-nile":
	default:
		return fmt.Errorf("setting network = %q: want mainnet, testnet, signet or regtest of Bitcoin, ethereum, sepolia, ethereum-dev, tron or tron-nile", c.Network)
	}
	switch c.Index.Engine {
	case "bleve", "elastic":
	default:
		return fmt.Errorf("setting index.engine = %q: want bleve or elastic", c.Index.Engine)
	}
	c.Refuse((*Source).check)
	return errors.Join(checkAlerts(c.Alerts), c.Custody.check(), c.Watch.check())
}

// Setting is one setting as `tamga config show` prints it.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // default, file, TAMGA_…, flag
	Env    string `json:"env"`

	field reflect.Value
}

// Settings lists every setting in the order of the file, secrets hidden.
func (c *Config) Settings() []Setting { return c.walk() }

func (c *Config) walk() []Setting {
	var out []Setting
	var visit func(v reflect.Value, prefix string)
	visit = func(v reflect.Value, prefix string) {
		for i := range v.NumField() {
			f, tag := v.Field(i), v.Type().Field(i).Tag.Get("toml")
			if tag == "" || f.Kind() == reflect.Slice {
				continue
			}
			key := prefix + tag
			if f.Kind() == reflect.Struct {
				visit(f, key+".")
				continue
			}
			env := "TAMGA_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
			out = append(out, Setting{key, fmt.Sprint(f.Interface()), c.Origin(key), env, f})
		}
	}
	visit(reflect.ValueOf(c).Elem(), "")
	return out
}

// Origin tells where the value of a key comes from: default, file, flag or the
// name of an environment variable.
func (c *Config) Origin(key string) string {
	if o := c.origin[key]; o != "" {
		return o
	}
	return "default"
}

// Set gives the setting of that key a value written as text.
func (c *Config) Set(key, value, origin string) error {
	for _, s := range c.walk() {
		if s.Key != key {
			continue
		}
		if err := assign(s.field, value); err != nil {
			return fmt.Errorf("setting %s from %s: %w", key, origin, err)
		}
		c.origin[key] = origin
		return nil
	}
	return fmt.Errorf("setting %s: no such key", key)
}

func assign(f reflect.Value, value string) error {
	if d, ok := f.Addr().Interface().(*Duration); ok {
		return d.UnmarshalText([]byte(value))
	}
	if b, ok := f.Addr().Interface().(*Bytes); ok {
		return b.UnmarshalText([]byte(value))
	}
	switch f.Kind() {
	case reflect.String:
		f.SetString(value)
	case reflect.Bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("%q: want true or false", value)
		}
		f.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("%q: want a whole number", value)
		}
		f.SetInt(n)
	default:
		return fmt.Errorf("kind %s cannot be set from text", f.Kind())
	}
	return nil
}
