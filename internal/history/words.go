package history

import (
	"context"
	"fmt"
	"sync"

	"github.com/uptrace/bun"
)

// words gives texts that many rows name a number each. Number 0 is the empty text.
type words struct {
	mutex   sync.Mutex
	list    []string
	numbers map[string]uint32
	written int // how many of the list are in the database
}

// loadWords reads the words of an estate.
func loadWords(ctx context.Context, db bun.IDB, estate int64) (*words, error) {
	w := &words{list: []string{""}, numbers: map[string]uint32{"": 0}}
	rows, err := db.QueryContext(ctx, "SELECT number, word FROM history_word WHERE estate = ? ORDER BY number", estate)
	if err != nil {
		return nil, fmt.Errorf("read the words of the history: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var number int
		var raw []byte
		if err := rows.Scan(&number, &raw); err != nil {
			return nil, fmt.Errorf("read the words of the history: %w", err)
		}
		if number != len(w.list) {
			return nil, errDamaged
		}
		word := string(raw)
		w.numbers[word] = uint32(number)
		w.list = append(w.list, word)
	}
	w.written = len(w.list)
	return w, rows.Err()
}

// number returns that of a word, which it makes if need be. It may be called by many goroutines.
func (w *words) number(word string) uint32 {
	if word == "" {
		return 0
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	n, ok := w.numbers[word]
	if !ok {
		n = uint32(len(w.list))
		w.numbers[word] = n
		w.list = append(w.list, word)
	}
	return n
}

// fresh returns the words that are not written, and the number of the first.
func (w *words) fresh() (first int, list []string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	first, w.written = w.written, len(w.list)
	return first, w.list[first:]
}

// texts are words by their numbers.
type texts []string

// all returns the words that there are so far.
func (w *words) all() texts {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.list[:len(w.list):len(w.list)]
}

// word returns the text of a number; r fails if there is none.
func (t texts) word(r *reader) string {
	n := r.number()
	if int(n) >= len(t) {
		r.fail()
		return ""
	}
	return t[n]
}

// dictionary keeps the numbers that one goroutine asked for, so that it seldom waits.
type dictionary struct {
	*words
	known map[string]uint32
}

func (d *dictionary) number(word string) uint32 {
	n, ok := d.known[word]
	if !ok {
		n = d.words.number(word)
		d.known[word] = n
	}
	return n
}
