package image

import (
	"context"
	"sync"

	"ward.dev/ward/internal/image"
)

// Cache remembers what was read of images by the digests of their manifests and configurations, so that whoever looks at the same images
// again and again reads their layers once. The zero Cache is ready, and a nil one remembers nothing.
type Cache struct {
	mu     sync.Mutex
	images map[string]image.Image
	order  []string // the oldest first
}

// maxCached is how many images are remembered; one takes some hundred kilobytes.
const maxCached = 256

// read reads an image, or remembers it. Of an image that cannot be read nothing is kept.
func (c *Cache) read(ctx context.Context, from *image.Source, o image.Options) (image.Image, error) {
	if c == nil || from.Digest == "" || from.ID == "" {
		return image.Read(ctx, from, o)
	}
	key := from.Digest + " " + from.ID + " " + o.Platform
	c.mu.Lock()
	known, ok := c.images[key]
	c.mu.Unlock()
	if ok {
		known.Reference = from.Reference
		return known, nil
	}
	read, err := image.Read(ctx, from, o)
	if err != nil {
		return read, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.images == nil {
		c.images = map[string]image.Image{}
	}
	if _, ok := c.images[key]; !ok {
		c.order = append(c.order, key)
	}
	c.images[key] = read
	if len(c.order) > maxCached {
		delete(c.images, c.order[0])
		c.order = c.order[1:]
	}
	return read, nil
}
