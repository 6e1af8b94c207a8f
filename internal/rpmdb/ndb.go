package rpmdb

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
)

// The format of ndb: a file of blocks of 16 bytes. It starts with pages of slots, the first two of which are the file's
// header; a slot names a package and the block where its blob starts. A blob has a head, and a tail with its checksum.
const (
	ndbMagic    = "RpmP"
	ndbSlot     = "Slot"
	ndbHead     = "BlbS"
	ndbTail     = "BlbE"
	ndbBlock    = 16
	ndbPage     = 4096
	ndbTailSize = 12
)

func readNDB(data []byte) ([][]byte, error) {
	if len(data) < 2*ndbBlock {
		return nil, errShort
	}
	if version := binary.LittleEndian.Uint32(data[4:]); version != 0 {
		return nil, fmt.Errorf("ndb: unknown version %d", version)
	}
	slots := int64(binary.LittleEndian.Uint32(data[12:])) * ndbPage
	if slots > int64(len(data)) {
		return nil, fmt.Errorf("ndb: slots: %w", errShort)
	}
	var blobs [][]byte
	left := int64(len(data)) // blobs that are whole do not overlap
	for at := int64(2 * ndbBlock); at < slots; at += ndbBlock {
		slot := data[at : at+ndbBlock]
		if string(slot[:4]) != ndbSlot {
			return nil, fmt.Errorf("ndb: no slot at byte %d", at)
		}
		id := binary.LittleEndian.Uint32(slot[4:])
		if id == 0 {
			continue
		}
		start := int64(binary.LittleEndian.Uint32(slot[8:])) * ndbBlock
		size := int64(binary.LittleEndian.Uint32(slot[12:])) * ndbBlock
		if left -= size; left < 0 {
			return nil, fmt.Errorf("ndb: packages overlap")
		}
		blob, err := ndbBlob(data, id, start, size)
		if err != nil {
			return nil, fmt.Errorf("ndb: package %d: %w", id, err)
		}
		if blobs = append(blobs, blob); len(blobs) > MaxPackages {
			return nil, fmt.Errorf("ndb: more than %d packages", MaxPackages)
		}
	}
	return blobs, nil
}

func ndbBlob(data []byte, id uint32, start, size int64) ([]byte, error) {
	if start+size > int64(len(data)) || size < ndbBlock+ndbTailSize {
		return nil, errShort
	}
	block := data[start : start+size]
	length := int64(binary.LittleEndian.Uint32(block[12:]))
	tail := block[size-ndbTailSize:]
	switch {
	case string(block[:4]) != ndbHead || string(tail[8:]) != ndbTail:
		return nil, fmt.Errorf("no blob at byte %d", start)
	case binary.LittleEndian.Uint32(block[4:]) != id:
		return nil, fmt.Errorf("the blob at byte %d is of another", start)
	case length > size-ndbBlock-ndbTailSize || int64(binary.LittleEndian.Uint32(tail[4:])) != length:
		return nil, fmt.Errorf("the blob at byte %d states a wrong length", start)
	case adler32.Checksum(block[:size-ndbTailSize]) != binary.LittleEndian.Uint32(tail):
		return nil, fmt.Errorf("the blob at byte %d has a wrong checksum", start)
	}
	return block[ndbBlock : ndbBlock+length], nil
}
