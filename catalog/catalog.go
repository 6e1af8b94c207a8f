// Package catalog embeds the built-in catalog: kinds, checks and frameworks, as data.
package catalog

import "embed"

// Files holds kinds/, checks/, frameworks/ and eligible/.
//
//go:embed kinds checks frameworks eligible
var Files embed.FS
