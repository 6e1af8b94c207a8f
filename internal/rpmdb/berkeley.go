package rpmdb

import (
	"encoding/binary"
	"fmt"
)

// The format of Berkeley DB's hash tables: pages of one size, the first of which says how large they are. A page of entries
// has an index of offsets, keys and values in turn; a value that does not fit stands in a chain of overflow pages.
const (
	berkeleyMagic   = 0x00061561
	pageHashOld     = 2 // entries not sorted: RHEL 5
	pageOverflow    = 7
	pageHashMeta    = 8
	pageHash        = 13
	itemInline      = 1
	itemElsewhere   = 3
	pageHeaderSize  = 26
	berkeleyMinimum = 512
)

// berkeley is a hash table of Berkeley DB.
type berkeley struct {
	data  []byte
	order binary.ByteOrder
	page  int64 // size in bytes
}

func isBerkeley(data []byte) bool { return berkeleyOrder(data) != nil }

// berkeleyOrder returns the order of bytes of the machine that wrote the table, nil if it is none.
func berkeleyOrder(data []byte) binary.ByteOrder {
	if len(data) < berkeleyMinimum || data[25] != pageHashMeta {
		return nil
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(data[12:]) == berkeleyMagic {
			return order
		}
	}
	return nil
}

func readBerkeley(data []byte) ([][]byte, error) {
	b := berkeley{data: data, order: berkeleyOrder(data)}
	b.page = int64(b.order.Uint32(data[20:]))
	if b.page < 512 || b.page > 65536 || b.page&(b.page-1) != 0 {
		return nil, fmt.Errorf("berkeley db: pages of %d bytes", b.page)
	}
	if data[24] != 0 {
		return nil, fmt.Errorf("berkeley db: it is encrypted")
	}
	last := int64(b.order.Uint32(data[32:]))
	if (last+1)*b.page > int64(len(data)) {
		return nil, fmt.Errorf("berkeley db: %w", errShort)
	}
	var blobs [][]byte
	budget := 2 * int64(len(data)) // no byte is met twice in a table that is whole
	for number := range last + 1 {
		found, err := b.entries(number, &budget)
		if err != nil {
			return nil, fmt.Errorf("berkeley db: page %d: %w", number, err)
		}
		if blobs = append(blobs, found...); len(blobs) > MaxPackages {
			return nil, fmt.Errorf("berkeley db: more than %d packages", MaxPackages)
		}
	}
	return blobs, nil
}

// entries returns the packages of one page; none if it is a page of another type.
func (b berkeley) entries(number int64, budget *int64) ([][]byte, error) {
	page := b.data[number*b.page : (number+1)*b.page]
	if kind := page[25]; kind != pageHash && kind != pageHashOld {
		return nil, nil
	}
	count := int64(b.order.Uint16(page[20:]))
	if count%2 != 0 || pageHeaderSize+2*count > b.page {
		return nil, fmt.Errorf("it has %d entries", count)
	}
	offset := func(i int64) int64 { return int64(b.order.Uint16(page[pageHeaderSize+2*i:])) }
	// Items are laid down from the end of the page, so an item ends where the one before it starts.
	item := func(i int64) ([]byte, error) {
		start, end := offset(i), b.page
		if i > 0 {
			end = offset(i - 1)
		}
		if start >= end || end > b.page || start < pageHeaderSize+2*count {
			return nil, fmt.Errorf("entry %d lies outside of it", i)
		}
		return page[start:end], nil
	}
	var blobs [][]byte
	for i := int64(0); i < count; i += 2 {
		key, err := item(i)
		if err != nil {
			return nil, err
		}
		value, err := item(i + 1)
		if err != nil {
			return nil, err
		}
		if key[0] == itemInline && len(key) == 5 && b.order.Uint32(key[1:]) == 0 {
			continue // the number that the next package will have
		}
		blob, err := b.value(value, budget)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		blobs = append(blobs, blob)
	}
	return blobs, nil
}

func (b berkeley) value(item []byte, budget *int64) ([]byte, error) {
	switch {
	case item[0] == itemInline:
		return item[1:], nil
	case item[0] != itemElsewhere:
		return nil, fmt.Errorf("it has type %d", item[0])
	case len(item) < 12:
		return nil, errShort
	}
	next, length := int64(b.order.Uint32(item[4:])), int64(b.order.Uint32(item[8:]))
	if *budget -= length; length > int64(len(b.data)) || *budget < 0 {
		return nil, fmt.Errorf("it claims %d bytes", length)
	}
	out := make([]byte, 0, length)
	for int64(len(out)) < length {
		if next == 0 || (next+1)*b.page > int64(len(b.data)) {
			return nil, errShort
		}
		page := b.data[next*b.page : (next+1)*b.page]
		size := int64(b.order.Uint16(page[22:]))
		if page[25] != pageOverflow || size == 0 || size > b.page-pageHeaderSize {
			return nil, fmt.Errorf("page %d is not a part of it", next)
		}
		out = append(out, page[pageHeaderSize:pageHeaderSize+size]...)
		next = int64(b.order.Uint32(page[16:]))
	}
	if int64(len(out)) != length || next != 0 {
		return nil, fmt.Errorf("it has more than the %d bytes that it claims", length)
	}
	return out, nil
}
