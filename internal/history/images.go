package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// defaultMemory is how many bytes of images are kept if nothing else is said.
const defaultMemory = 128 << 20

// maxReading is how many images are read at a time. One takes memory that is not counted yet, and all processors work on one already.
const maxReading = 1

// images keeps those that were asked for last.
type images struct {
	mutex   sync.Mutex
	room    int64
	list    []*imageSlot  // the one asked for last is the last
	reading chan struct{} // has room for as many as may be read at a time
}

type imageSlot struct {
	estate, run int64
	done        chan struct{} // closed when it is read
	image       *image
	err         error
}

func newImages(room int64) *images {
	if room <= 0 {
		room = defaultMemory
	}
	return &images{room: room, reading: make(chan struct{}, maxReading)}
}

// get returns the image of a run, which is read once however many ask for it.
func (i *images) get(ctx context.Context, estate, run int64, read func(context.Context) (*image, error)) (*image, error) {
	slot, mine := i.slot(estate, run)
	if mine {
		i.fill(ctx, slot, read)
		return slot.image, slot.err
	}
	select {
	case <-slot.done:
		return slot.image, slot.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fill reads an image. Others wait for it, so that who asked first must not take it with him when he goes away.
func (i *images) fill(ctx context.Context, slot *imageSlot, read func(context.Context) (*image, error)) {
	slot.err = errAsking // if it panics
	defer func() {
		close(slot.done)
		i.settle(slot)
	}()
	i.reading <- struct{}{}
	defer func() { <-i.reading }()
	slot.image, slot.err = read(context.WithoutCancel(ctx))
}

func (i *images) slot(estate, run int64) (slot *imageSlot, mine bool) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	at := slices.IndexFunc(i.list, func(s *imageSlot) bool { return s.estate == estate && s.run == run })
	if at < 0 {
		slot = &imageSlot{estate: estate, run: run, done: make(chan struct{})}
		i.list = append(i.list, slot)
		return slot, true
	}
	slot = i.list[at]
	i.list = append(slices.Delete(i.list, at, at+1), slot)
	return slot, false
}

// settle makes room for what was read, at the cost of what nobody asked for longest, and forgets what could not be read.
func (i *images) settle(slot *imageSlot) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if slot.err != nil {
		i.list = slices.DeleteFunc(i.list, func(s *imageSlot) bool { return s == slot })
		return
	}
	newest := map[int64]int64{} // by estate
	for _, one := range i.list {
		newest[one.estate] = max(newest[one.estate], one.run)
	}
	var sum int64
	for at := len(i.list) - 1; at >= 0; at-- {
		one := i.list[at]
		select {
		case <-one.done:
		default:
			continue // it is being read
		}
		if one.image == nil {
			continue
		}
		if sum += one.image.size; sum > i.room && one != slot && one.run != newest[one.estate] {
			sum -= one.image.size
			i.list = slices.Delete(i.list, at, at+1)
		}
	}
}

// ready returns the images of an estate that are at hand.
func (i *images) ready(estate int64) []*image {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	var all []*image
	for _, one := range i.list {
		select {
		case <-one.done:
			if one.estate == estate && one.image != nil {
				all = append(all, one.image)
			}
		default: // it is being read
		}
	}
	return all
}

// forget drops the images of an estate of runs before one.
func (i *images) forget(estate, before int64) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.list = slices.DeleteFunc(i.list, func(s *imageSlot) bool { return s.estate == estate && s.run < before })
}

// image returns what a run says, ready to be asked.
func (h *History) image(ctx context.Context, estate string, run int64) (*image, error) {
	number, r, err := h.find(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	m, err := h.imageOf(ctx, number, r)
	if err != nil {
		return nil, fmt.Errorf("read run %d: %w", r.Number, err)
	}
	return m, m.own(ctx, h.db, func() (map[string]string, error) {
		if h.ruled == nil {
			return nil, nil
		}
		return h.ruled(ctx, estate, r.Number)
	})
}

func (h *History) imageOf(ctx context.Context, estate int64, r Run) (*image, error) {
	return h.images.get(ctx, estate, r.Number, func(ctx context.Context) (*image, error) { return h.readImage(ctx, estate, r) })
}

// filtered is image for a question with a filter.
func (h *History) filtered(ctx context.Context, estate string, run int64, f Filter) (*image, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return h.image(ctx, estate, run)
}

// Warm reads the newest run of an estate, so that the first who asks need not wait, and keeps it packed for those who ask for it when it is
// old. Without a run it does nothing.
func (h *History) Warm(ctx context.Context, estate string) error {
	m, err := h.image(ctx, estate, 0)
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	m.allIDs()
	return h.keep(ctx, m)
}
