package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/serve"
)

// serverFlags say how the server works where its settings do not.
type serverFlags struct {
	config, data, listen string
	assess               []string
}

func (f *serverFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.config, "config", "", "the settings (default: server.yaml in the data directory)")
	flags.StringVar(&f.data, "data", "", "the data directory (default: ward in the user's state directory)")
	flags.StringVar(&f.listen, "listen", "", "HOST:PORT to listen on (default 127.0.0.1:8443)")
}

// settings puts the command line over the file.
func (f *serverFlags) settings() (serve.Settings, error) {
	return serve.Load(f.config, f.data, f.listen)
}

func (s *session) serveCommand() *cobra.Command {
	var f serverFlags
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run the server: dashboard, history, decisions, evidence",
		Long: `Keeps assessing the estates that are declared, keeps history and evidence, and shows both on pages and by an API, until it is stopped.
Nothing else need be installed: state is kept in the data directory, and the first start prints a link that makes the first administrator.
One server at a time uses a data directory. docs/server.md tells the rest.`,
		Example: `  ward serve
  ward serve --assess examples/clinic
  ward serve --data /var/lib/ward --listen 0.0.0.0:8443`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return s.serve(f) },
	}
	f.add(command)
	command.Flags().StringArrayVar(&f.assess, "assess", nil, "a folder of code to declare as an estate of its name, unless there is one, and to assess")
	return command
}

func (s *session) configCommand() *cobra.Command {
	command := &cobra.Command{Use: "config", Short: "The settings of the server"}
	var f serverFlags
	show := &cobra.Command{
		Use:   "show",
		Short: "Print the settings that a server would work with",
		Long: `Reads the settings as ward serve does, strictly, and prints them with what is the default where nothing is said. Secrets are not among
them: settings name the files and variables that hold them.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			settings, err := f.settings()
			if err != nil {
				return err
			}
			text, err := settings.Show()
			if err == nil {
				_, err = s.stdout.Write(text)
			}
			return err
		},
	}
	f.add(show)
	command.AddCommand(show)
	return command
}

func (s *session) serve(f serverFlags) error {
	settings, err := f.settings()
	if err != nil {
		return err
	}
	quiet.Store(quietLive)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := serve.Open(ctx, settings, version(), s.stderr)
	if err != nil {
		return err
	}
	for _, folder := range f.assess {
		path, err := filepath.Abs(folder)
		if err != nil {
			return err
		}
		if _, err := os.Stat(path); err != nil {
			return usage{fmt.Errorf("--assess: %w", err)}
		}
		if err := server.Declare(ctx, filepath.Base(path), path); err != nil {
			return err
		}
	}
	link, err := server.FirstLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "Ward serves %s\n", server.Origin())
	if link != "" {
		fmt.Fprintf(s.stdout, "Nobody can sign in yet. Make the first administrator, once, within a day:\n  %s%s\n", server.Origin(), link)
	}
	return server.Run(ctx)
}
