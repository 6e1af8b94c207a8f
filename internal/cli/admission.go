package cli

import "github.com/spf13/cobra"

func (s *session) admissionCommand() *cobra.Command {
	command := &cobra.Command{Use: "admission", Short: "Hold what is sent to a cluster of Kubernetes to the checks"}
	command.AddCommand(s.admissionExportCommand(), s.admissionServeCommand(), s.admissionWebhookCommand(), s.admissionRoleCommand(),
		s.admissionCertificateCommand())
	return command
}
