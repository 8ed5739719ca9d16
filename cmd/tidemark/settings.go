package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// settings are what flags, environment and config file may say, in this order of precedence.
type settings struct {
	db, readDB, addr, signal, config string
	scrub                            share
	audit                            toggle
	rate                             frequency
	metrics                          audience
	logLevel                         slog.Level
}

// setting is one of them: the flag --name, the environment variable TIDEMARK_NAME, and the name in the config file.
type setting struct{ name, fallback, usage string }

var known = []setting{
	{"db", "sqlite:tidemark.db", "database: sqlite:PATH or postgres://USER@HOST/NAME"},
	{"read-db", "", "physical standby of a PostgreSQL --db that serve reads from: postgres://USER@HOST/NAME"},
	{"addr", "127.0.0.1:8080", "where serve listens: HOST:PORT"},
	{"signal", "notify", "how serve learns of changes on PostgreSQL: notify, wal or poll"},
	{"scrub", "1%", "how much of its time serve may recount in the background, to find what went wrong: N% or off"},
	{"audit", "off", "whether serve looks for changes that went past the triggers in the write-ahead log of PostgreSQL: on or off"},
	{"rate", "5000", "how many requests a second one token may send to serve: N or off"},
	{"metrics", "operator", "who may read /metrics of serve: operator (with an operator's token) or everyone"},
	{"log-level", "info", "what serve logs: debug, info, warn or error"},
}

// everywhere are the settings that are flags of every command.
var everywhere = map[string]bool{"db": true}

func (s setting) variable() string {
	return "TIDEMARK_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// value is where the setting is kept, as pflag sets it.
func (s *settings) value(name string) pflag.Value {
	switch name {
	case "db":
		return (*text)(&s.db)
	case "read-db":
		return (*text)(&s.readDB)
	case "addr":
		return (*text)(&s.addr)
	case "signal":
		return (*text)(&s.signal)
	case "scrub":
		return &s.scrub
	case "audit":
		return &s.audit
	case "rate":
		return &s.rate
	case "metrics":
		return &s.metrics
	default:
		return (*level)(&s.logLevel)
	}
}

func (s *settings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.config, "config", "", "file of settings: name = value lines, # begins a comment (TIDEMARK_CONFIG)")
	s.add(flags, func(k setting) bool { return everywhere[k.name] })
}

// registerServe adds the flags of serve.
func (s *settings) registerServe(flags *pflag.FlagSet) {
	s.add(flags, func(k setting) bool { return !everywhere[k.name] })
}

func (s *settings) add(flags *pflag.FlagSet, which func(setting) bool) {
	for _, k := range known {
		if which(k) {
			v := s.value(k.name)
			_ = v.Set(k.fallback) // a fallback is valid
			flags.Var(v, k.name, k.usage+" ("+k.variable()+")")
		}
	}
}

// resolve gives every setting that no flag gave its value from the environment, else from the file.
func (s *settings) resolve(flags *pflag.FlagSet, getenv func(string) string) error {
	if s.config == "" {
		s.config = getenv("TIDEMARK_CONFIG")
	}
	file, err := readConfig(s.config)
	if err != nil {
		return err
	}
	for _, k := range known {
		given, from := getenv(k.variable()), k.variable()
		if given == "" {
			given, from = file[k.name], s.config+": "+k.name
		}
		if f := flags.Lookup(k.name); given == "" || f == nil || f.Changed {
			continue
		}
		if err := s.value(k.name).Set(given); err != nil {
			return usagef("%s: %v", from, err)
		}
	}
	return nil
}

// readConfig reads the config file; no path is an empty file.
func readConfig(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("read config: %v", err)
	}
	return parseConfig(path, string(content))
}

// parseConfig reads name = value lines. Blank lines and those that begin with # say nothing.
func parseConfig(path, content string) (map[string]string, error) {
	out, n := map[string]string{}, 0
	for line := range strings.Lines(content) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		_, again := out[name]
		switch {
		case !ok || value == "":
			return nil, usagef("%s line %d: want name = value", path, n)
		case !isSetting(name):
			return nil, usagef("%s line %d: unknown setting %q: want one of %s", path, n, name, settingNames())
		case again:
			return nil, usagef("%s line %d: %s is set twice", path, n, name)
		}
		out[name] = value
	}
	return out, nil
}

func isSetting(name string) bool {
	for _, k := range known {
		if k.name == name {
			return true
		}
	}
	return false
}

func settingNames() string {
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = k.name
	}
	return strings.Join(names, ", ")
}

func settingsHelp() string {
	var b strings.Builder
	for _, k := range known {
		fmt.Fprintf(&b, "  %-10s %-20s %s (default %s)\n", k.name, k.variable(), k.usage, cmp.Or(k.fallback, "none"))
	}
	return "\n" + strings.TrimRight(b.String(), "\n")
}
