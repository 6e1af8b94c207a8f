// Package catalog embeds the built-in catalog: kinds, checks, frameworks and registers, as data.
package catalog

import "embed"

// Files holds kinds/, checks/, frameworks/, eligible/, prices/ and registers/.
//
//go:embed kinds checks frameworks eligible prices registers
var Files embed.FS
