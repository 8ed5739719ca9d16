package main

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

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

// frequency is how often in a second; -1 stands for off.
type frequency float64

func (f *frequency) Set(text string) error {
	if text == "off" {
		*f = -1
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0 && n <= 1e9) {
		return fmt.Errorf("%q is no number of requests a second: want a number above 0, or off", text)
	}
	*f = frequency(n)
	return nil
}

func (f *frequency) String() string {
	if *f < 0 {
		return "off"
	}
	return strconv.FormatFloat(float64(*f), 'g', 12, 64)
}

func (f *frequency) Type() string { return "rate" }

// audience is who may read metrics.
type audience string

const (
	metricsForOperators audience = "operator"
	metricsForAll       audience = "everyone"
)

func (a *audience) Set(text string) error {
	switch given := audience(text); given {
	case metricsForOperators, metricsForAll:
		*a = given
		return nil
	}
	return fmt.Errorf("%q is nobody: want operator or everyone", text)
}

func (a *audience) String() string { return string(*a) }

func (a *audience) Type() string { return "audience" }

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
