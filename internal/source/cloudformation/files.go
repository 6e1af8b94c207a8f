package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"ward.dev/ward/internal/source/tree"
)

const (
	maxTotalBytes = 256 << 20
	maxDocuments  = 2_000
)

// mayBeTemplate tells by its name whether a file is worth opening.
func mayBeTemplate(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json", ".template", ".cfn", ".cform":
		return true
	}
	return false
}

// loadDocuments parses every template of the tree. What is broken is a gap.
func loadDocuments(ctx context.Context, t *tree.Tree, gaps *gaps) ([]*document, error) {
	var documents []*document
	total := 0
	err := t.Walk(ctx, mayBeTemplate, func(file string) bool {
		if t.File == "" && !mayBeTemplate(file) {
			return true
		}
		content, err := t.Read(file)
		switch {
		case errors.Is(err, tree.ErrTooLarge):
			// CloudFormation takes no template of this size, so only what claims to be one is worth a word.
			if t.File != "" || looksLikeTemplate(content) {
				gaps.add(file, 0, "", tree.ErrTooLarge.Error(), "")
			}
			return true
		case err != nil:
			gaps.add(file, 0, "", err.Error(), "")
			return true
		case t.File == "" && !mentionsTemplate(content):
			return true
		}
		if total += len(content); total > maxTotalBytes || len(documents) >= maxDocuments {
			gaps.add(file, 0, "", fmt.Sprintf("the target holds more than %d templates or %d MiB; "+
				"this and later files were not read", maxDocuments, maxTotalBytes>>20), "assess its directories one by one")
			return false
		}
		if d := parseDocument(file, content, gaps); d != nil {
			documents = append(documents, d)
		} else {
			total -= len(content)
		}
		return true
	}, func(file, why string) { gaps.add(file, 0, "", why, "") })
	return documents, err
}
