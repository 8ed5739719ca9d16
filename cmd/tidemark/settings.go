package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// settings are what flags, environment and config file may say, in this order of precedence.
type settings struct {
	db, readDB, addr, signal, config string
	scrub                            share
	audit                            toggle
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

// text and level are values of flags.
type text string

func (t *text) Set(s string) error { *t = text(s); return nil }
func (t *text) String() string     { return string(*t) }
func (t *text) Type() string       { return "text" }

type level slog.Level

func (l *level) Set(s string) error {
	var parsed slog.Level
	if err := parsed.UnmarshalText([]byte(s)); err != nil {
		return fmt.Errorf("unknown level %q: want debug, info, warn or error", s)
	}
	*l = level(parsed)
	return nil
}
func (l *level) String() string { return strings.ToLower(slog.Level(*l).String()) }
func (l *level) Type() string   { return "level" }

// share is a part of the time, from 0 (off) to 1.
type share float64

func (s *share) Set(text string) error {
	if text == "off" {
		*s = 0
		return nil
	}
	number, ok := strings.CutSuffix(text, "%")
	percent, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(percent > 0 && percent <= 100) {
		return fmt.Errorf("%q is no share of time: want N%%, above 0%% and up to 100%%, or off", text)
	}
	*s = share(percent / 100)
	return nil
}

func (s *share) String() string {
	if *s == 0 {
		return "off"
	}
	return strconv.FormatFloat(float64(*s)*100, 'g', 6, 64) + "%"
}

func (s *share) Type() string { return "share" }

// toggle is on or off.
type toggle bool

func (t *toggle) Set(text string) error {
	if text != "on" && text != "off" {
		return fmt.Errorf("%q is neither on nor off", text)
	}
	*t = text == "on"
	return nil
}

func (t *toggle) String() string {
	if *t {
		return "on"
	}
	return "off"
}
func (t *toggle) Type() string { return "on|off" }
