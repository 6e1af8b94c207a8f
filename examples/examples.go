// Package examples is the example clinic, which comes with faults, for whoever wants to see Ward at work before it reads anything of theirs.
package examples

import "embed"

// Clinic is the folder "clinic".
//
//go:embed clinic
var Clinic embed.FS
