package rpmdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	sqliteMagic = "SQLite format 3\x00"
	// patience is how long a query may take. A table of 5,000 packages takes under a second; only a broken one takes longer.
	patience = 30 * time.Second
)

// readSQLite reads the table Packages. The database is opened in memory, so that nothing is written.
func readSQLite(ctx context.Context, data []byte) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if len(data) < berkeleyMinimum {
		return nil, errShort
	}
	data = slices.Clone(data)
	// rpm writes with a log beside the database. A database in memory has no log, and one that says so cannot be opened.
	data[18], data[19] = 1, 1
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	defer conn.Close()
	err = conn.Raw(func(driver any) error {
		memory, ok := driver.(interface{ Deserialize([]byte) error })
		if !ok {
			return errors.New("the driver cannot open bytes")
		}
		return memory.Deserialize(data)
	})
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return packageTable(ctx, conn)
}

func packageTable(ctx context.Context, conn *sql.Conn) ([][]byte, error) {
	for _, pragma := range []string{"PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON", "PRAGMA query_only = ON"} {
		if _, err := conn.ExecContext(ctx, pragma); err != nil {
			return nil, fmt.Errorf("sqlite: %w", err)
		}
	}
	var kind string
	if err := conn.QueryRowContext(ctx, "SELECT type FROM sqlite_schema WHERE name = 'Packages'").Scan(&kind); err != nil {
		return nil, fmt.Errorf("sqlite: table Packages: %w", err)
	}
	if kind != "table" { // a view could compute anything
		return nil, fmt.Errorf("sqlite: Packages is a %s", kind)
	}
	rows, err := conn.QueryContext(ctx, "SELECT blob FROM Packages ORDER BY hnum")
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	defer rows.Close()
	var blobs [][]byte
	for rows.Next() {
		var blob []byte
		if err := rows.Scan(&blob); err != nil {
			return nil, fmt.Errorf("sqlite: %w", err)
		}
		if blobs = append(blobs, blob); len(blobs) > MaxPackages {
			return nil, fmt.Errorf("sqlite: more than %d packages", MaxPackages)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return blobs, nil
}
