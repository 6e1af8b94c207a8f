package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/sbom"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/wire"
)

// imageFlags say which image is meant of several, and what its packages are compared with.
type imageFlags struct {
	options wire.ImageOptions
	days    int
	keys    []string
}

func (f *imageFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.options.Platform, "platform", "", "the platform of an image that has several, as linux/arm64 (default linux/amd64)")
	flags.BoolVar(&f.options.Insecure, "allow-http", false, "take images from registries without TLS too; whoever is on the way can then change them")
}

// addAdvisories adds the flags that say what packages are compared with.
func (f *imageFlags) addAdvisories(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.options.Advisories, "vulndb", "", "the folder of the advisories (default WARD_VULNDB, else ward/vulndb in the user's cache)")
	flags.StringArrayVar(&f.keys, "signature-key", nil, "a file with a public key whose signatures on images count, beside those that ward.yaml names")
	flags.IntVar(&f.days, "max-advisory-age", 7, "days; where advisories are older, that nothing was found is unknown")
}

// asked are the options that the flags come to, with those whose signatures ward.yaml says count.
func (f *imageFlags) asked(c *config.Config) (wire.ImageOptions, error) {
	o := f.options
	if f.days < 0 {
		return o, usage{fmt.Errorf("--max-advisory-age %d: a number of days is wanted", f.days)}
	}
	o.MaxAge = time.Duration(f.days) * 24 * time.Hour
	var err error
	if o.Trust, err = wire.Trust(c, f.keys); err != nil {
		return o, usage{err}
	}
	if o.Advisories == "" {
		o.Advisories, err = vulndbDir()
	}
	return o, err
}

// read reads images as of the time of the assessment.
func (f *imageFlags) read(ctx context.Context, targets []string, g *given, p *progress) ([]source.Reading, error) {
	o, err := f.asked(g.config)
	if err != nil {
		return nil, err
	}
	o.Now = g.now
	return wire.ReadImages(ctx, targets, o, p.say)
}

// addImages adds what reads the images of workloads.
func (f *assessFlags) addImages(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVar(&f.images, "image", nil, "a container image that is run, as for ward assess image: NAME, or NAME=PATH")
	flags.BoolVar(&f.named, "images", false, "read all images that workloads name from their registries")
	f.image.add(command)
	f.image.addAdvisories(command)
}

// withImages reads the images that the user names and, if wanted, those that workloads name. Of these, one that cannot be read
// leaves nothing but its workloads unknown.
func (f *assessFlags) withImages(ctx context.Context, code []source.Reading, g *given, p *progress) ([]source.Reading, error) {
	if len(f.images) > 0 {
		images, err := f.image.read(ctx, f.images, g, p)
		if err != nil {
			return nil, err
		}
		code = append(code, images...)
	}
	if !f.named {
		return code, nil
	}
	names := wire.NamedImages(code, f.images)
	if len(names) == 0 {
		return code, nil
	}
	images, err := f.image.read(ctx, names, g, p)
	if len(images) == 0 && err != nil {
		return nil, err
	}
	return append(code, images...), nil
}

func (s *session) assessImageCommand() *cobra.Command {
	var f assessFlags
	var i imageFlags
	command := &cobra.Command{
		Use:   "image IMAGE...",
		Short: "Assess container images: what is in them, and what is known to be wrong with it",
		Long: `Reads images of registries, OCI layouts (folders), archives as docker save and podman save write them, and bills of materials
(CycloneDX, SPDX), and compares their packages with the advisories that ward vulndb update has fetched. Nothing of an image is run or
unpacked. NAME=PATH says what others call the image at a path, such as the workloads that run it. What cannot be read of one, what no advisories are about, and what those of long ago do not tell is unknown, never a pass.`,
		Example: `  ward vulndb update https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip
  ward assess image registry.example.com/portal:1.4
  ward assess image registry.example.com/portal:1.4=portal.tar layout/ portal.cdx.json -o text -o sarif=ward.sarif`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage{errors.New("assess which image? give a name, a folder, an archive or a bill of materials")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, targets []string) error {
			return s.assess(targets, f, func(ctx context.Context, g *given, p *progress) ([]source.Reading, error) {
				return i.read(ctx, targets, g, p)
			})
		},
	}
	s.assessFlags(command, &f)
	i.add(command)
	i.addAdvisories(command)
	command.Flags().StringVar(&i.options.Name, "name", "", "the image that is meant of a layout or archive with several, by tag or reference")
	return command
}

func (s *session) sbomCommand() *cobra.Command {
	var f imageFlags
	var output string
	var quiet bool
	command := &cobra.Command{
		Use:   "sbom IMAGE",
		Short: "List what is in a container image as a bill of materials",
		Long: `Writes the packages of an image, of a registry, an OCI layout or an archive, with the layer that each one came with. The same
image gives the same bytes. What is not known of it is told in the document, on standard error, and by exit code 4.`,
		Example: "  ward sbom registry.example.com/portal:1.4 -o cyclonedx=portal.cdx.json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage{errors.New("one image is wanted: a name, a folder or an archive")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			format, file, _ := strings.Cut(output, "=")
			if format != "cyclonedx" {
				return usage{fmt.Errorf("there is no format %q; there is cyclonedx", format)}
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			progress := s.progress(quiet)
			defer progress.done()
			progress.say("reading " + args[0])
			document, err := wire.Materials(ctx, args[0], f.options)
			progress.done()
			if err != nil {
				return err
			}
			return s.writeMaterials(document, file)
		},
	}
	f.add(command)
	command.Flags().StringVar(&f.options.Name, "name", "", "the image that is meant of a layout or archive with several, by tag or reference")
	command.Flags().StringVarP(&output, "output", "o", "cyclonedx", "cyclonedx[=FILE]")
	command.Flags().BoolVar(&quiet, "quiet", false, "no progress on standard error")
	return command
}

func (s *session) writeMaterials(d sbom.Document, file string) error {
	if file == "-" {
		file = ""
	}
	if err := s.writeTo(file, func(w io.Writer) error { return sbom.Write(w, d) }); err != nil {
		return err
	}
	if file != "" {
		fmt.Fprintf(s.stderr, "wrote %s\n", file)
	}
	for _, gap := range d.Gaps {
		fmt.Fprintf(s.stderr, "not known: %s\n", gap)
	}
	if len(d.Gaps) > 0 {
		return exit(exitUnknown)
	}
	return nil
}
