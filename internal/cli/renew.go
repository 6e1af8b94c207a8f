package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/scope"
)

// eligiblePage is where AWS keeps its list of services that its business associate agreement covers.
const eligiblePage = "https://aws.amazon.com/compliance/hipaa-eligible-services-reference/"

func (s *session) catalogRenew() *cobra.Command {
	var from, to string
	var catalogs []string
	command := &cobra.Command{
		Use:   "renew",
		Short: "Renew the list of services that may hold PHI from the provider's page",
		Long: `Reads AWS's page of HIPAA-eligible services and writes it as data, dated today, into a catalog of your own
(eligible/aws.yaml, used with --catalog). It tells what came and what went. A page that names too few of the known services is
refused, and nothing is written.`,
		Example: "  ward catalog renew --to our-catalog/eligible/aws.yaml\n  ward catalog renew --from saved-page.html --to our-catalog/eligible/aws.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if to == "" {
				return usage{errors.New("--to FILE says where the list is written")}
			}
			layers, err := catalogLayers(catalogs)
			if err != nil {
				return err
			}
			old, err := scope.LoadServices(layers...)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			page, err := openPage(ctx, from)
			if err != nil {
				return err
			}
			defer page.Close()
			r, err := old.Renew("aws", page, time.Now())
			if err != nil {
				return fmt.Errorf("%s: %w", from, err)
			}
			if err := writeFile(to, r.Write); err != nil {
				return fmt.Errorf("write %s: %w", to, err)
			}
			fmt.Fprintf(s.stdout, "%d services may hold PHI, written to %s\n", len(r.Eligible), to)
			for _, name := range r.Added {
				fmt.Fprintf(s.stdout, "new:  %s\n", name)
			}
			for _, name := range r.Removed {
				fmt.Fprintf(s.stdout, "gone: %s\n", name)
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&from, "from", eligiblePage, "the page: an address or a file")
	flags.StringVar(&to, "to", "", "the file to write")
	flags.StringArrayVar(&catalogs, "catalog", nil, "a folder with your own eligible/, whose list is renewed")
	return command
}

// openPage opens a file or fetches an address.
func openPage(ctx context.Context, from string) (io.ReadCloser, error) {
	if !strings.HasPrefix(from, "https://") && !strings.HasPrefix(from, "http://") {
		return os.Open(from)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", from, err)
	}
	client := http.Client{Timeout: time.Minute}
	reply, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w; a saved page can be given with --from FILE", from, err)
	}
	if reply.StatusCode != http.StatusOK {
		reply.Body.Close()
		return nil, fmt.Errorf("read %s: answered with %s; a saved page can be given with --from FILE", from, reply.Status)
	}
	return reply.Body, nil
}
