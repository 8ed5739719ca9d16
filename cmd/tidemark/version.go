package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what this program was built from.
type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision"` // of the repository; empty if it was not built in one
	Go       string `json:"go"`
}

func (a *app) versionCommand() *cobra.Command {
	return a.asJSON(a.command(&cobra.Command{
		Use: "version", Short: "Say which tidemark this is", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := thisVersion()
			return a.show(v, func() {
				a.printf("tidemark %s", v.Version)
				if v.Revision != "" {
					a.printf(" (%s)", v.Revision)
				}
				a.printf(" %s\n", v.Go)
			})
		},
	}))
}

func thisVersion() version {
	v := version{Version: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version, v.Go = info.Main.Version, info.GoVersion
	dirty := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	if dirty && v.Revision != "" {
		v.Revision += "+changes"
	}
	return v
}
