package vulndb

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// builder collects entries in a file on the disk, since all advisories there are do not fit in memory, and then writes them in order.
type builder struct {
	dir     string
	spool   *os.File
	out     *bufio.Writer
	at      int64
	keys    map[string]uint32
	refs    []ref
	records []outline
	winner  map[string]uint32 // the record that counts, by identifier
	names   map[string]uint32 // ecosystems
	sources []Source

	unreadable      []Unreadable
	unreadableCount int
}

// ref is where an entry is in the spool.
type ref struct {
	key, record uint32
	length      uint32
	at          int64
}

// outline is what is kept of a record until all are known.
type outline struct {
	id         string
	modified   time.Time
	source, at int // which source, and where in it
	withdrawn  bool
	ecosystems []uint32
}

func newBuilder(dir string) (*builder, error) {
	spool, err := os.CreateTemp(dir, temporary)
	if err != nil {
		return nil, err
	}
	return &builder{dir: dir, spool: spool, out: bufio.NewWriterSize(spool, 1<<20),
		keys: map[string]uint32{}, winner: map[string]uint32{}, names: map[string]uint32{}}, nil
}

func (b *builder) close() {
	b.spool.Close()
	os.Remove(b.spool.Name())
}

// number gives each name a number.
func number(all map[string]uint32, name string) uint32 {
	n, ok := all[name]
	if !ok {
		n = uint32(len(all))
		all[name] = n
	}
	return n
}

// take keeps a record, or counts it as unreadable.
func (b *builder) take(d digested, from *Source) error {
	if d.refused != nil {
		from.Unreadable++
		b.unreadableCount++
		if len(b.unreadable) < maxUnreadable {
			b.unreadable = append(b.unreadable, Unreadable{from.Name, shown(d.name), d.refused.Error()})
		}
		return nil
	}
	from.Records++
	k := outline{id: d.record.ID, modified: d.record.Modified, withdrawn: d.record.Withdrawn != nil, source: len(b.sources), at: d.at}
	at := uint32(len(b.records))
	ecosystems := map[uint32]bool{}
	for _, p := range d.parts {
		ecosystems[number(b.names, ecosystemOf(p.key))] = true
		b.refs = append(b.refs, ref{number(b.keys, p.key), at, uint32(len(p.data)), b.at})
		b.at += int64(len(p.data))
		if _, err := b.out.Write(p.data); err != nil {
			return fmt.Errorf("keep entries: %w", err)
		}
	}
	k.ecosystems = slices.Collect(maps.Keys(ecosystems))
	b.records = append(b.records, k)
	if old, ok := b.winner[k.id]; !ok || k.after(b.records[old]) {
		b.winner[k.id] = at
	}
	return nil
}

// after tells whether a record counts before another with the same identifier: the one modified last, else the one read last.
func (k outline) after(o outline) bool {
	return cmp.Or(k.modified.Compare(o.modified), cmp.Compare(k.source, o.source), cmp.Compare(k.at, o.at)) > 0
}

// write makes the file beside its place, and moves it there when it is whole and on the disk.
func (b *builder) write(ctx context.Context, path string, now time.Time) (*Facts, error) {
	if err := b.out.Flush(); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(b.dir, temporary)
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name()) // gone already if all went well
	defer file.Close()
	if err := b.fill(ctx, file, b.facts(now)); err != nil {
		return nil, err
	}
	if err := file.Chmod(0o644); err != nil {
		return nil, err
	}
	made, facts, err := openTable(file.Name()) // what was written is what will be read
	if err != nil {
		return nil, err
	}
	made.file.Close()
	if err := os.Rename(file.Name(), path); err != nil {
		return nil, err
	}
	return facts, syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name last.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// counts tells whether a record is the one of its identifier that counts.
func (b *builder) counts(record uint32) bool { return b.winner[b.records[record].id] == record }

// fill writes the entries of all records that count and are not withdrawn.
func (b *builder) fill(ctx context.Context, file *os.File, facts *Facts) error {
	w, err := newTableWriter(file)
	if err != nil {
		return err
	}
	byKey := make([][]ref, len(b.keys))
	for _, r := range b.refs {
		if b.counts(r.record) && !b.records[r.record].withdrawn {
			byKey[r.key] = append(byKey[r.key], r)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(b.keys)) {
		refs := byKey[b.keys[key]]
		if len(refs) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		slices.SortFunc(refs, func(x, y ref) int { return cmp.Compare(b.records[x.record].id, b.records[y.record].id) })
		entries := make([][]byte, len(refs))
		for i, r := range refs {
			entries[i] = make([]byte, r.length)
			if _, err := b.spool.ReadAt(entries[i], r.at); err != nil {
				return err
			}
		}
		if err := w.add(key, entries); err != nil {
			return err
		}
	}
	return w.finish(ctx, facts)
}

// facts counts what counts. A record from the future would make old data look new, so no time is later than now.
func (b *builder) facts(now time.Time) *Facts {
	f := &Facts{Fetched: now.UTC().Truncate(time.Second), Sources: b.sources, Unreadable: b.unreadableCount}
	ecosystems := make([]Ecosystem, len(b.names))
	for name, i := range b.names {
		ecosystems[i].Name = name
	}
	for i, r := range b.records {
		if !b.counts(uint32(i)) {
			continue
		}
		modified := earlier(r.modified, f.Fetched)
		for _, e := range r.ecosystems {
			if modified.After(ecosystems[e].Modified) {
				ecosystems[e].Modified = modified
			}
			if !r.withdrawn {
				ecosystems[e].Records++
			}
		}
		if r.withdrawn {
			f.Withdrawn++
		} else {
			f.Records++
		}
	}
	slices.SortFunc(ecosystems, func(a, b Ecosystem) int { return cmp.Compare(a.Name, b.Name) })
	f.Ecosystems, f.Ages = ecosystems, b.ages(f.Fetched)
	return f
}

// tally is what one source has of one family.
type tally struct {
	records  int
	modified time.Time
}

// ages tells how old the data of each family is: what the source says that has most of it. A few records of one's own, changed
// today, would else hide that the rest is old.
func (b *builder) ages(fetched time.Time) []Age {
	families := make([]string, len(b.names)) // by number of the ecosystem
	for name, i := range b.names {
		families[i] = familyOf(name)
	}
	tallies := map[string][]tally{}
	for i, r := range b.records {
		if !b.counts(uint32(i)) {
			continue
		}
		met := map[string]bool{}
		for _, e := range r.ecosystems {
			family := families[e]
			if met[family] {
				continue
			}
			met[family] = true
			if tallies[family] == nil {
				tallies[family] = make([]tally, len(b.sources))
			}
			t := &tallies[family][r.source]
			t.records++
			if modified := earlier(r.modified, fetched); modified.After(t.modified) {
				t.modified = modified
			}
		}
	}
	ages := make([]Age, 0, len(tallies))
	for family, all := range tallies {
		a := Age{Ecosystem: family}
		for _, t := range all {
			a.Records += t.records
		}
		most := slices.MaxFunc(all, func(x, y tally) int {
			return cmp.Or(cmp.Compare(x.records, y.records), y.modified.Compare(x.modified))
		})
		a.AsOf = most.modified
		ages = append(ages, a)
	}
	slices.SortFunc(ages, func(a, b Age) int { return cmp.Compare(a.Ecosystem, b.Ecosystem) })
	return ages
}

// earlier returns the earlier time, to the second.
func earlier(a, b time.Time) time.Time {
	if a = a.UTC().Truncate(time.Second); a.After(b) {
		return b
	}
	return a
}
