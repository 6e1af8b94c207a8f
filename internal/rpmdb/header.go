package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Tags of a header, as https://rpm-software-management.github.io/rpm/manual/tags.html lists them.
const (
	tagName       = 1000
	tagVersion    = 1001
	tagRelease    = 1002
	tagEpoch      = 1003
	tagLicense    = 1014
	tagArch       = 1022
	tagSourceRPM  = 1044
	tagDirIndexes = 1116
	tagBaseNames  = 1117
	tagDirNames   = 1118
)

// Types of an entry's data.
const (
	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
	typeI18NString  = 9
)

const (
	maxEntries = 1 << 16
	entrySize  = 16
)

var errShort = errors.New("it is cut off")

// header is rpm's store of tagged values: an index, and the data that it points into.
type header struct {
	entries map[uint32]entry
	data    []byte
}

type entry struct{ kind, offset, count uint32 }

// readHeader reads a header as databases keep it: without the magic number that package files have before it.
func readHeader(blob []byte, paths *int64) (Package, error) {
	h, err := parseHeader(blob)
	if err != nil {
		return Package{}, err
	}
	p := Package{}
	for tag, field := range map[uint32]*string{
		tagName: &p.Name, tagVersion: &p.Version, tagRelease: &p.Release, tagArch: &p.Arch,
		tagSourceRPM: &p.SourceRPM, tagLicense: &p.License,
	} {
		if *field, err = h.text(tag); err != nil {
			return Package{}, fmt.Errorf("tag %d: %w", tag, err)
		}
	}
	if p.Name == "" || p.Version == "" || p.Release == "" {
		return Package{}, errors.New("it has no name, version or release")
	}
	epoch, err := h.numbers(tagEpoch)
	if err != nil {
		return Package{}, fmt.Errorf("epoch: %w", err)
	}
	if len(epoch) > 0 {
		p.Epoch = epoch[0]
	}
	p.Files, err = h.files(paths)
	return p, err
}

func parseHeader(blob []byte) (header, error) {
	if len(blob) < 8 {
		return header{}, errShort
	}
	entries, size := binary.BigEndian.Uint32(blob), binary.BigEndian.Uint32(blob[4:])
	if entries > maxEntries {
		return header{}, fmt.Errorf("it claims %d entries", entries)
	}
	start := 8 + int64(entries)*entrySize
	if start+int64(size) > int64(len(blob)) {
		return header{}, errShort
	}
	h := header{entries: make(map[uint32]entry, entries), data: blob[start : start+int64(size)]}
	for i := range int64(entries) {
		e := blob[8+i*entrySize:]
		h.entries[binary.BigEndian.Uint32(e)] = entry{
			binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:]), binary.BigEndian.Uint32(e[12:]),
		}
	}
	return h, nil
}

// at returns the data of an entry and what follows it; nil if there is no such entry.
func (h header) at(tag uint32, kinds ...uint32) ([]byte, uint32, error) {
	e, ok := h.entries[tag]
	if !ok {
		return nil, 0, nil
	}
	if int64(e.offset) >= int64(len(h.data)) {
		return nil, 0, errShort
	}
	for _, kind := range kinds {
		if e.kind == kind {
			return h.data[e.offset:], e.count, nil
		}
	}
	return nil, 0, fmt.Errorf("its data has type %d", e.kind)
}

func (h header) text(tag uint32) (string, error) {
	data, _, err := h.at(tag, typeString, typeI18NString, typeStringArray)
	if data == nil {
		return "", err
	}
	text, _, ok := bytes.Cut(data, []byte{0})
	if !ok {
		return "", errShort
	}
	return string(text), nil
}

func (h header) texts(tag uint32) ([]string, error) {
	data, count, err := h.at(tag, typeStringArray)
	if data == nil {
		return nil, err
	}
	if int64(count) > int64(len(data)) {
		return nil, errShort
	}
	out := make([]string, 0, count)
	for range count {
		text, rest, ok := bytes.Cut(data, []byte{0})
		if !ok {
			return nil, errShort
		}
		out, data = append(out, string(text)), rest
	}
	return out, nil
}

func (h header) numbers(tag uint32) ([]uint32, error) {
	data, count, err := h.at(tag, typeInt32)
	if data == nil {
		return nil, err
	}
	if int64(count)*4 > int64(len(data)) {
		return nil, errShort
	}
	out := make([]uint32, count)
	for i := range out {
		out[i] = binary.BigEndian.Uint32(data[4*i:])
	}
	return out, nil
}

// files joins the three lists in which a header keeps its paths. paths is how many bytes they may have.
func (h header) files(paths *int64) ([]string, error) {
	names, err := h.texts(tagBaseNames)
	if err != nil {
		return nil, fmt.Errorf("names of files: %w", err)
	}
	folders, err := h.texts(tagDirNames)
	if err != nil {
		return nil, fmt.Errorf("names of folders: %w", err)
	}
	of, err := h.numbers(tagDirIndexes)
	if err != nil {
		return nil, fmt.Errorf("folders of files: %w", err)
	}
	if len(of) != len(names) {
		return nil, fmt.Errorf("%d files are in %d folders", len(names), len(of))
	}
	out := make([]string, len(names))
	for i, name := range names {
		if int64(of[i]) >= int64(len(folders)) {
			return nil, fmt.Errorf("file %d is in folder %d of %d", i, of[i], len(folders))
		}
		if *paths -= int64(len(folders[of[i]]) + len(name)); *paths < 0 {
			return nil, fmt.Errorf("the names of files have more than %d bytes", maxPaths)
		}
		out[i] = folders[of[i]] + name
	}
	return out, nil
}
