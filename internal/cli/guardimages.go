package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/guard"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/wire"
)

// guardImages reads the images that workloads run, and remembers them for a while.
type guardImages struct {
	given []string
	named bool
	flags imageFlags
	kept  map[string]keptImage
	cache wire.ImageCache
}

type keptImage struct {
	reading source.Reading
	until   time.Time
}

const (
	// imageFor is how long what was read of an image is used: a tag may be moved, and advisories are renewed.
	imageFor = 5 * time.Minute
	// brokenFor is how long an image that could not be read is not tried again.
	brokenFor = time.Minute
)

func (i *guardImages) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVar(&i.given, "image", nil, "a container image that is run, as for ward assess image: NAME, or NAME=PATH")
	flags.BoolVar(&i.named, "images", false, "read all images that workloads name from their registries")
	i.flags.add(command)
	flags.StringVar(&i.flags.options.Advisories, "vulndb", "",
		"the folder of the advisories (default WARD_VULNDB, else ward/vulndb in the user's cache)")
}

// with adds the images to what was read of a cluster: those that its pods run, as far as they tell. One that cannot be read, or that is
// not what runs under its name, leaves nothing but its workloads unknown.
func (i *guardImages) with(ctx context.Context, cluster []source.Reading, policy *guard.Policy, p *progress) ([]source.Reading, error) {
	running := wire.RunningImages(cluster)
	targets := i.given
	if i.named {
		targets = append([]string{}, targets...)
		for _, name := range wire.NamedImages(cluster, i.given) {
			if target, one := wire.AskRunning(name, running[name]); one {
				targets = append(targets, target)
			}
		}
	}
	if len(targets) == 0 {
		return cluster, nil
	}
	o, err := i.options(policy)
	if err != nil {
		return nil, err
	}
	kept := map[string]keptImage{}
	for _, target := range targets {
		one, ok := i.kept[target]
		if !ok || o.Now.After(one.until) {
			found, err := wire.ReadImages(ctx, []string{target}, o, p.say)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if len(found) != 1 {
				return nil, err
			}
			one = keptImage{found[0], o.Now.Add(imageFor)}
			if err != nil {
				one.until = o.Now.Add(brokenFor)
			}
		}
		kept[target] = one
		if !strings.Contains(target, "@sha256:") { // by which it is what was asked for
			one.reading = wire.VerifyRunning(one.reading, running)
		}
		cluster = append(cluster, one.reading)
	}
	i.kept = kept
	return cluster, nil
}

func (i *guardImages) options(policy *guard.Policy) (wire.ImageOptions, error) {
	o := i.flags.options
	o.Now, o.MaxAge, o.Cache = time.Now(), time.Duration(policy.MaxAdvisoryAge), &i.cache
	var err error
	if o.Advisories == "" {
		o.Advisories, err = vulndbDir()
	}
	return o, err
}
