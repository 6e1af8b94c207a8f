// Ward-verify checks what a Ward server exported, without that server: records of its ledger, or an archive of evidence. It uses no network
// and, beside the standard library, only package sumdb of golang.org/x/mod. All of it is this file and ledger/verify.
//
//	ward-verify --key KEY-FILE [--kept CHECKPOINT-FILE] [--show] EXPORT
//
// It exits with 0 if all is proved, 1 if anything is not, 2 if it was called wrongly.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"ward.dev/ward/ledger/verify"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("ward-verify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: ward-verify --key KEY-FILE [--kept CHECKPOINT-FILE] [--show] EXPORT")
		flags.PrintDefaults()
	}
	key := flags.String("key", "", "a file with the ledger's public key, as it was given to you when the ledger was begun")
	kept := flags.String("kept", "", "a file with a checkpoint that you kept earlier")
	show := flags.Bool("show", false, "print the records that the export shows")
	if flags.Parse(args) != nil {
		return 2
	}
	if *key == "" || flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	if err := check(*key, *kept, flags.Arg(0), *show, stdout); err != nil {
		fmt.Fprintf(stderr, "ward-verify: NOT PROVED: %v\n", err)
		return 1
	}
	return 0
}

func check(keyFile, keptFile, export string, show bool, stdout io.Writer) error {
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	var kept []byte
	if keptFile != "" {
		if kept, err = os.ReadFile(keptFile); err != nil {
			return err
		}
		if len(kept) == 0 {
			return fmt.Errorf("%s is empty", keptFile)
		}
	}
	file, err := os.Open(export)
	if err != nil {
		return err
	}
	defer file.Close()
	in, public := bufio.NewReaderSize(file, 1<<20), strings.TrimSpace(string(key))
	if start, _ := in.Peek(1); string(start) == "{" {
		return records(in, public, kept, show, stdout)
	}
	return archive(in, public, kept, show, stdout)
}

// records checks an export of records.
func records(in io.Reader, key string, kept []byte, show bool, stdout io.Writer) error {
	var shown bytes.Buffer
	result, err := verify.Bundle(in, key, kept, func(r verify.Record) error {
		if show {
			fmt.Fprintf(&shown, "%d %s\n", r.Index, r.Data)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := shown.WriteTo(stdout); err != nil {
		return err
	}
	tell(stdout, result)
	return nil
}

// archive checks an archive of evidence.
func archive(in io.Reader, key string, kept []byte, show bool, stdout io.Writer) error {
	proof, err := verify.Evidence(in, key, kept)
	if err != nil {
		return err
	}
	m := proof.Manifest
	fmt.Fprintf(stdout, "PROVED: the %d parts of this archive are the evidence of run %q of the estate %q, made %s.\n"+
		"PROVED: record %d of the ledger tells of it (%s).\n", len(m.Parts), m.Run, m.Estate,
		m.At.UTC().Format("2006-01-02 15:04:05 UTC"), proof.Position, proof.Digest)
	if show {
		fmt.Fprintf(stdout, "%d %s\n", proof.Position, proof.Record)
	}
	tell(stdout, proof.Ledger)
	return nil
}

func tell(w io.Writer, r verify.Result) {
	fmt.Fprintf(w, "PROVED: the ledger holds %d records, with the root %s; "+
		"the records from %d to before %d are shown, as they were written.\n", r.Size, r.Root, r.From, r.To)
	if r.Kept > 0 {
		fmt.Fprintf(w, "PROVED: it goes on from the checkpoint that was kept: none of its first %d records was changed or taken out.\n", r.Kept)
	} else {
		fmt.Fprintln(w, "Not asked: whether it goes on from an earlier checkpoint. Give one that you kept with --kept.")
	}
	fmt.Fprintf(w, "Keep this checkpoint for the next time:\n\n%s", r.Checkpoint)
}
