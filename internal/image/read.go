package image

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// Read reads the image of a Source: each layer once. What cannot be read of it is a Gap. An error means that the image as a
// whole cannot be read, or, if it wraps ErrDigest, that a part of it is not what its digest says.
func Read(ctx context.Context, s *Source, options Options) (Image, error) {
	file, facts, err := config(s.Config)
	if err != nil {
		return Image{}, err
	}
	out := Image{
		Reference: s.Reference, Digest: s.Digest, ID: s.ID, MediaType: s.MediaType, Config: facts, Created: file.Created.Time,
		Platform: (&v1.Platform{OS: file.OS, Architecture: file.Architecture, Variant: file.Variant}).String(),
	}
	if options.Platform != "" {
		wanted, err := v1.ParsePlatform(options.Platform)
		if err != nil {
			return Image{}, fmt.Errorf("platform %q: %w", options.Platform, err)
		}
		if have := (v1.Platform{OS: file.OS, Architecture: file.Architecture, Variant: file.Variant}); !have.Satisfies(*wanted) {
			return Image{}, fmt.Errorf("it is an image for %s, not for %s", out.Platform, options.Platform)
		}
	}
	if len(file.RootFS.DiffIDs) != len(s.Layers) {
		return Image{}, fmt.Errorf("it has %d layers, and its configuration says %d", len(s.Layers), len(file.RootFS.DiffIDs))
	}
	scans, err := readLayers(ctx, s, file.RootFS.DiffIDs, &budget{limits: options.Limits.orDefault()})
	if err != nil {
		return Image{}, err
	}
	out.merge(scans, file)
	return out, nil
}

// maxReaders is how many layers are read at once. Each holds one file in memory.
const maxReaders = 4

// readLayers reads all layers, several at once where they can be opened. A layer that occurs twice is read once.
func readLayers(ctx context.Context, s *Source, diffIDs []v1.Hash, left *budget) ([]*scan, error) {
	scans := make([]*scan, len(s.Layers))
	same := make([]int, len(s.Layers)) // the first layer with the same bytes
	first := map[string]int{}
	for i, layer := range s.Layers {
		key := layer.Digest + layer.member
		if _, ok := first[key]; !ok {
			first[key] = i
		}
		same[i] = first[key]
	}
	visit := func(ctx context.Context, i int, r io.Reader) error {
		one, err := readLayer(ctx, r, s.Layers[i], diffIDs[i].String(), left)
		if err != nil {
			return fmt.Errorf("layer %d of %d, %s: %w", i+1, len(scans), s.Layers[i].Digest, err)
		}
		scans[i] = one
		return nil
	}
	if err := readEach(ctx, s, same, scans, visit); err != nil {
		return nil, err
	}
	for i, from := range same {
		if scans[from] == nil {
			scans[from] = &scan{digest: s.Layers[from].Digest, gaps: []Gap{{GapLayer, "", "it is not there"}}}
		}
		if diffIDs[i] != diffIDs[from] {
			return nil, fmt.Errorf("layer %d of %d: its contents have digest %s: %w", i+1, len(scans), diffIDs[from], ErrDigest)
		}
		scans[i] = scans[from].again(i != from)
	}
	return scans, nil
}

// visitor takes the stored bytes of a layer.
type visitor func(ctx context.Context, i int, r io.Reader) error

func readEach(ctx context.Context, s *Source, same []int, scans []*scan, visit visitor) error {
	if s.each != nil {
		return s.each(ctx, func(i int, r io.Reader) error { return visit(ctx, i, r) })
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(runtime.GOMAXPROCS(0), maxReaders))
	for i, layer := range s.Layers {
		if same[i] != i {
			continue
		}
		group.Go(func() error {
			if reason := unreadable(layer.MediaType); reason != "" {
				scans[i] = &scan{digest: layer.Digest, gaps: []Gap{{GapLayer, "", reason}}}
				return nil
			}
			r, err := layer.Open(ctx)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				scans[i] = &scan{digest: layer.Digest, gaps: []Gap{{GapLayer, "", "it cannot be opened: " + err.Error()}}}
				return nil
			}
			defer r.Close()
			return visit(ctx, i, r)
		})
	}
	return group.Wait()
}

// unreadable says why a layer of a media type cannot be read, "" if it can.
func unreadable(mediaType string) string {
	switch {
	case strings.Contains(mediaType, "+encrypted"):
		return "it is encrypted"
	case strings.Contains(mediaType, "foreign") || strings.Contains(mediaType, "nondistributable"):
		return "it is not kept with the image"
	}
	return ""
}

// again is the same scan for a layer that occurs a second time. What is remembered of files is changed as layers are merged, so
// it gets its own.
func (s *scan) again(copied bool) *scan {
	if !copied {
		return s
	}
	out := *s
	out.entries = make([]entry, len(s.entries))
	for i, e := range s.entries {
		if e.file != nil {
			f := *e.file
			e.file = &f
		}
		out.entries[i] = e
	}
	return &out
}

// merge lays the layers upon each other and tells what is there in the end.
func (out *Image) merge(scans []*scan, file *v1.ConfigFile) {
	t := newTree()
	regular := 0
	commands := commandsOf(out.Config.History, len(scans))
	for i, s := range scans {
		for g := range s.gaps {
			if s.gaps[g].Kind == GapLayer {
				s.gaps[g].Where = s.digest
			}
		}
		out.Layers = append(out.Layers, Layer{
			Digest: s.digest, DiffID: file.RootFS.DiffIDs[i].String(), Size: s.size, Unpacked: s.unpacked, CreatedBy: commands[i],
		})
		regular += s.regular
		t.add(i, s)
		s.entries = nil // they are the larger part
	}
	out.Gaps = t.gaps
	system, missing := t.os()
	out.OS = system
	out.Facts = t.facts(out.Layers, regular)
	out.packages(t, missing)
}

// commandsOf returns the command of each layer; none if the history does not fit the layers.
func commandsOf(history []Step, layers int) []string {
	var out []string
	for _, step := range history {
		if !step.Empty {
			out = append(out, step.CreatedBy)
		}
	}
	if len(out) != layers {
		return make([]string, layers)
	}
	return out
}
