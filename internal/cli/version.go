package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is set when a release is built.
var release = ""

// version returns the release, else the module's version and revision as far as the build knows them.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	text := info.Main.Version
	if text == "" || text == "(devel)" {
		text = "devel"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			text += "+" + setting.Value[:12]
		}
	}
	return text
}

func (s *session) versionCommand() *cobra.Command {
	var format string
	command := &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of its catalog",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := openCatalog(nil)
			if err != nil {
				return err
			}
			switch format {
			case "text":
				fmt.Fprintf(s.stdout, "ward %s (%s, %s/%s)\ncatalog %s: %d kinds, %d checks, %d frameworks\n", version(),
					runtime.Version(), runtime.GOOS, runtime.GOARCH, c.Digest, len(c.Kinds), len(c.IDs()), len(c.Frameworks))
				return nil
			case "json":
				return json.NewEncoder(s.stdout).Encode(map[string]any{"version": version(), "go": runtime.Version(),
					"catalog_digest": c.Digest, "kinds": len(c.Kinds), "checks": len(c.IDs())})
			}
			return usage{fmt.Errorf("format %q is not text or json", format)}
		},
	}
	command.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return command
}
