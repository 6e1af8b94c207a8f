// Package catalog embeds the built-in catalog: kinds, checks and frameworks, as data.
package catalog

import "embed"

// Files holds kinds/, checks/, frameworks/, eligible/ and prices/.
//
//go:embed kinds checks frameworks eligible prices
var Files embed.FS
