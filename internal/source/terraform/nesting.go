package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxNesting bounds how deep an expression or a block may nest. The parsers are recursive and a stack that is used up
// ends the program, so that deeper files must be refused before they are parsed.
const maxNesting = 500

// tooDeep tells whether parsing the file could nest too deep. No file nests deeper than it has tokens that nest, which
// are cheap to count; only files that have many are looked at closely.
func tooDeep(src []byte, lang syntax) bool {
	count := 0
	for _, b := range src {
		switch b {
		case '(', '[', '{', '!', '-', '?':
			count++
		}
	}
	if count <= 4*maxNesting {
		return false
	}
	if lang == jsonSyntax {
		return jsonDepth(src) > maxNesting
	}
	return hclDepth(src, lang) > maxNesting
}

type syntax int

const (
	nativeSyntax syntax = iota
	jsonSyntax
	templateSyntax
)

func jsonDepth(src []byte) int {
	depth, deepest := 0, 0
	inString := false
	for i := 0; i < len(src); i++ {
		switch b := src[i]; {
		case inString && b == '\\':
			i++
		case b == '"':
			inString = !inString
		case inString:
		case b == '{' || b == '[':
			depth++
			deepest = max(deepest, depth)
		case b == '}' || b == ']':
			depth--
		}
	}
	return deepest
}

// hclDepth returns an upper bound of the nesting: brackets, templates, and the prefixes and conditionals of one
// expression.
func hclDepth(src []byte, lang syntax) int {
	lex := hclsyntax.LexConfig
	if lang == templateSyntax {
		lex = hclsyntax.LexTemplate
	}
	tokens, _ := lex(src, "", hcl.InitialPos)
	deepest := 0
	var open []int // prefixes and conditionals so far at each level
	chain := 0
	controls := 0 // of the whole statement: what ends an if looks like what starts one
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
			open = append(open, chain)
			chain = 0
		case hclsyntax.TokenTemplateControl:
			open = append(open, chain)
			chain = 0
			controls++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
			hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if len(open) > 0 {
				chain = open[len(open)-1]
				open = open[:len(open)-1]
			}
			if len(open) == 0 && lang == nativeSyntax {
				controls = 0
			}
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion:
			chain++
		case hclsyntax.TokenNewline, hclsyntax.TokenComma:
			chain = 0
		}
		deepest = max(deepest, len(open)+chain+controls)
	}
	return deepest
}
