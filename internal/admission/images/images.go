// Package images keeps what is known of images for the admission of those who run them: some that are given, and those that objects
// name, which are read from their registries in the background. Advisories are compared anew when the database changes.
//
// What is not known is told with its reason, never left out. The package must not know checks nor what follows from them.
package images

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/image"
)

// Options say where images come from and what they are compared with.
type Options struct {
	// Image says how images are read; its Advisories is the folder of the database, and its MaxAge how old that may be.
	Image image.Options
	// Kinds are those that images are made into.
	Kinds []*kind.Kind
	// Given are images that are read at once: NAME=PATH of a layout, an archive or a bill of materials, or the name of one in a registry.
	Given []string
	// Fetch reads those that objects name from their registries.
	Fetch bool
	// Registries are those that may be asked, such as "registry.example.com" or "registry.example.com/team"; none for any.
	Registries []string
	// TagAge is how long what was read holds of an image that is named by a tag, which may be moved; 0 is 10 minutes. What is named by
	// its digest holds forever.
	TagAge time.Duration
	// Most bounds how many images are kept, those given not counted; 0 is 500. The one that was asked for least lately goes first.
	Most int
	// Timeout bounds how long one image may take; 0 is 5 minutes.
	Timeout time.Duration
	Log     *slog.Logger
}

const (
	readers = 2
	waiting = 256 // images that may wait to be read
	// retry is how long an image that could not be read is left alone.
	retry = 30 * time.Second
	// watch is how often it is looked whether the advisories are others, renew how often they are compared anyway, since they age.
	watch, renew = 15 * time.Second, time.Hour
)

// Cache holds what is known. Its methods may be called from several goroutines.
type Cache struct {
	options Options
	queue   chan string
	given   []*entry
	running sync.WaitGroup

	mu      sync.Mutex
	entries map[string]*entry

	judging    sync.RWMutex // guards the database, which is open
	advisories *image.Advisories
	stamp      stamp
}

// entry is one image.
type entry struct {
	taken     *image.Taken
	resources []*resource.Resource
	read      time.Time // when it was read, or could not be
	asked     time.Time // when an object named it last
	fault     error     // why it could not be read
	waits     bool      // it is to be read
	settled   chan struct{}
}

// Open reads the images that are given and begins to read others as they are asked for, until the context ends.
func Open(ctx context.Context, o Options) (*Cache, error) {
	o = o.withDefaults()
	c := &Cache{options: o, queue: make(chan string, waiting), entries: map[string]*entry{}}
	c.advisories, c.stamp = image.OpenAdvisories(o.Image.Advisories), stampOf(o.Image.Advisories)
	var faults []error
	for _, target := range o.Given {
		taken, err := image.Take(ctx, target, o.Image)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		e := &entry{taken: taken}
		e.resources = c.compare(taken)
		c.given = append(c.given, e)
	}
	if len(faults) > 0 {
		c.advisories.Close()
		return nil, fmt.Errorf("read the images given: %w", errors.Join(faults...))
	}
	for range readers {
		c.running.Go(func() { c.serve(ctx) })
	}
	c.running.Go(func() { c.follow(ctx) })
	return c, nil
}

func (o Options) withDefaults() Options {
	if o.TagAge <= 0 {
		o.TagAge = 10 * time.Minute
	}
	if o.Most <= 0 {
		o.Most = 500
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Stopped waits until all that runs in the background has ended after the context has.
func (c *Cache) Stopped() {
	c.running.Wait()
	c.judging.Lock()
	defer c.judging.Unlock()
	c.advisories.Close()
}

// Named lists the images that a workload names, as Known and Await take them.
func (c *Cache) Named(b resource.Block) []string {
	return image.Named([]source.Reading{{Blocks: []resource.Block{b}}}, nil)
}

// Known implements admission.Images.
func (c *Cache) Known(names []string, onlyAsked bool) (known []*resource.Resource, unknown map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for _, name := range names {
		if given := c.ofGiven(name); given != nil {
			known = append(known, given...)
			continue
		}
		some, why := c.known(name, now, onlyAsked)
		if why != "" {
			if unknown == nil {
				unknown = map[string]string{}
			}
			unknown[name] = why
		}
		known = append(known, some...)
	}
	return distinct(known), unknown
}

// distinct keeps each resource once: two containers may have the same image.
func distinct(all []*resource.Resource) []*resource.Resource {
	seen := make(map[*resource.Resource]bool, len(all))
	return slices.DeleteFunc(all, func(r *resource.Resource) bool {
		was := seen[r]
		seen[r] = true
		return was
	})
}

// ofGiven returns what is known of an image that is given, nil if it is not.
func (c *Cache) ofGiven(name string) []*resource.Resource {
	linked := linkedAs(name)
	for _, e := range c.given {
		if slices.ContainsFunc(e.resources, func(r *resource.Resource) bool { return slices.Contains(r.Names, linked) }) {
			return e.resources
		}
	}
	return nil
}

// linkedAs is what a workload that names an image is known to refer to: its digest, else its registry, repository and tag.
func linkedAs(name string) string {
	if _, digest, ok := strings.Cut(name, "@"); ok {
		return digest
	}
	return strings.Replace(name, "index.docker.io/", "docker.io/", 1)
}

// known returns what is known of an image, or why nothing is. It is called with the lock held.
func (c *Cache) known(name string, now time.Time, onlyAsked bool) (all []*resource.Resource, why string) {
	switch {
	case !c.options.Fetch:
		return nil, "it was not given, and images are not read from registries (--images, --image NAME=PATH)"
	case !c.allowed(name):
		return nil, "its registry is not among those that may be asked (--registry)"
	}
	e := c.entries[name]
	if e == nil && onlyAsked {
		return nil, "it has not been read so far, and a dry run does not begin to"
	}
	if e == nil {
		c.makeRoom()
		e = &entry{}
		c.entries[name] = e
	}
	e.asked = now
	age := now.Sub(e.read)
	old := !strings.Contains(name, "@") && age > c.options.TagAge
	stale := e.fault != nil && age > retry || e.taken == nil && e.fault == nil || !strings.Contains(name, "@") && age > c.options.TagAge/2
	if stale && !e.waits && !onlyAsked && !c.enqueue(name, e) {
		why = "too many other images wait to be read; try again later"
	}
	switch {
	case e.taken != nil && !old:
		return e.resources, ""
	case why != "":
	case e.fault != nil:
		why = "it could not be read: " + e.fault.Error()
	case e.taken != nil:
		why = fmt.Sprintf("its tag was read more than %s ago and is being read again; try again in a moment", c.options.TagAge)
	default:
		why = "it is being read; try again in a moment"
	}
	return nil, why
}

func (c *Cache) enqueue(name string, e *entry) bool {
	select {
	case c.queue <- name:
		e.waits, e.settled = true, make(chan struct{})
		return true
	default:
		return false
	}
}

// allowed tells whether the registry of an image may be asked.
func (c *Cache) allowed(name string) bool {
	if len(c.options.Registries) == 0 {
		return true
	}
	linked := strings.Replace(name, "index.docker.io/", "docker.io/", 1)
	return slices.ContainsFunc(c.options.Registries, func(prefix string) bool {
		return strings.HasPrefix(linked, strings.TrimSuffix(prefix, "/")+"/")
	})
}

// makeRoom forgets the image that was asked for least lately, if there are too many.
func (c *Cache) makeRoom() {
	if len(c.entries) < c.options.Most {
		return
	}
	oldest := ""
	for name, e := range c.entries {
		if !e.waits && (oldest == "" || e.asked.Before(c.entries[oldest].asked)) {
			oldest = name
		}
	}
	delete(c.entries, oldest)
}

// Await implements admission.Images.
func (c *Cache) Await(ctx context.Context, names []string) {
	for _, name := range names {
		c.mu.Lock()
		e := c.entries[name]
		var settled chan struct{}
		if e != nil && e.waits {
			settled = e.settled
		}
		c.mu.Unlock()
		if settled == nil {
			continue
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return
		}
	}
}

// Size tells how many images are known, how many could not be read and how many wait.
func (c *Cache) Size() (known, faulty, waits int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known = len(c.given)
	for _, e := range c.entries {
		switch {
		case e.taken != nil:
			known++
		case e.fault != nil:
			faulty++
		}
		if e.waits {
			waits++
		}
	}
	return known, faulty, waits
}

// serve reads images that wait.
func (c *Cache) serve(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case name := <-c.queue:
			c.fetch(ctx, name)
		}
	}
}

func (c *Cache) fetch(ctx context.Context, name string) {
	reading, stop := context.WithTimeout(ctx, c.options.Timeout)
	defer stop()
	start := time.Now()
	o := c.options.Image
	o.Now = start // by which signatures must be good
	taken, err := take(reading, name, o)
	var made []*resource.Resource
	if err == nil {
		made = c.compare(taken)
	}
	c.options.Log.Info("image read", "image", name, "took", time.Since(start).Round(time.Millisecond).String(), "error", errText(err))
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[name]
	if e == nil {
		return
	}
	e.read, e.fault, e.waits = time.Now(), err, false
	if err == nil {
		e.taken, e.resources = taken, made
	} else if !strings.Contains(name, "@") {
		e.taken, e.resources = nil, nil // its tag may be another image by now
	}
	close(e.settled)
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// take reads an image. A fault of the reader is one of this image alone.
func take(ctx context.Context, name string, o image.Options) (taken *image.Taken, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("read image %s: the reader broke; please report it: %v", name, fault)
		}
	}()
	return image.Take(ctx, name, o)
}

// compare makes the resources of an image, with what the advisories say by now.
func (c *Cache) compare(taken *image.Taken) []*resource.Resource {
	c.judging.RLock()
	defer c.judging.RUnlock()
	reading := taken.Reading(c.advisories, time.Now(), c.options.Image.MaxAge)
	return mapping.Map(c.options.Kinds, []source.Reading{reading}).Resources
}

// stamp tells one database from the next.
type stamp struct {
	size int64
	at   time.Time
}

// stampOf looks at all files of a folder.
func stampOf(dir string) (s stamp) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			s.size += info.Size()
			if info.ModTime().After(s.at) {
				s.at = info.ModTime()
			}
		}
	}
	return s
}

// follow compares all images again when there are other advisories, and when these have aged.
func (c *Cache) follow(ctx context.Context) {
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(watch):
		}
		if c.Refresh(time.Since(last) > renew) {
			last = time.Now()
		}
	}
}

// Refresh compares all images again if there are other advisories, or anyway. It tells whether it did.
func (c *Cache) Refresh(anyway bool) bool {
	if !c.reopen() && !anyway {
		return false
	}
	c.compareAll()
	return true
}

// reopen opens the database again if it is another one than before, and tells whether it is.
func (c *Cache) reopen() bool {
	now := stampOf(c.options.Image.Advisories)
	c.judging.Lock()
	defer c.judging.Unlock()
	if now == c.stamp {
		return false
	}
	c.advisories.Close()
	c.advisories, c.stamp = image.OpenAdvisories(c.options.Image.Advisories), now
	c.options.Log.Info("advisories opened", "error", errText(c.advisories.Fault()))
	return true
}

func (c *Cache) compareAll() {
	c.mu.Lock()
	all := slices.Clone(c.given)
	for _, e := range c.entries {
		all = append(all, e)
	}
	c.mu.Unlock()
	for _, e := range all {
		c.mu.Lock()
		taken := e.taken
		c.mu.Unlock()
		if taken == nil {
			continue
		}
		made := c.compare(taken)
		c.mu.Lock()
		if e.taken == taken {
			e.resources = made
		}
		c.mu.Unlock()
	}
}
