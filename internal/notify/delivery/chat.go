package delivery

import (
	"strings"
	"unicode/utf8"
)

// object is a piece of JSON of somebody else's format.
type object = map[string]any

var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// slackBody is the message in Slack's Block Kit: at most 50 blocks, 3,000 characters in a text.
func slackBody(m Message) object {
	blocks := []object{{"type": "header", "text": object{"type": "plain_text", "text": cut(m.Title, 150)}}}
	for _, g := range m.Groups[:min(len(m.Groups), 40)] {
		text := slackEscape.Replace(g.line())
		if named := g.named(); named != "" {
			text += "\n" + slackEscape.Replace(named)
		}
		text = cut(text, 2800)
		if g.Link != "" {
			text += "\n<" + slackEscape.Replace(g.Link) + "|Open>"
		}
		blocks = append(blocks, object{"type": "section", "text": object{"type": "mrkdwn", "text": text}})
	}
	end := slackEscape.Replace(reasons[m.Sort]) + "<" + slackEscape.Replace(m.Link) + "|Ward>"
	if more := m.more(); more != "" {
		end = more + ". " + end
	}
	blocks = append(blocks, object{"type": "context", "elements": []object{{"type": "mrkdwn", "text": end}}})
	return object{"text": slackEscape.Replace(m.Title), "blocks": blocks, "unfurl_links": false}
}

// teamsBody is the message as an adaptive card, as a workflow of Teams takes it: at most 28 kB.
func teamsBody(m Message) object {
	body := []object{{"type": "TextBlock", "text": teamsText(cut(m.Title, 300)), "weight": "Bolder", "size": "Medium", "wrap": true}}
	for _, g := range m.Groups[:min(len(m.Groups), 20)] {
		text := teamsText(cut(g.line(), 600))
		if named := g.named(); named != "" {
			text += "\n\n" + teamsText(cut(named, 400))
		}
		if g.Link != "" {
			text += " [Open](" + g.Link + ")"
		}
		body = append(body, object{"type": "TextBlock", "text": text, "wrap": true, "separator": true})
	}
	end := strings.TrimRight(reasons[m.Sort], ": ")
	if more := m.more(); more != "" {
		end = more + ". " + end
	}
	body = append(body, object{"type": "TextBlock", "text": end, "wrap": true, "isSubtle": true})
	card := object{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body,
		"actions": []object{{"type": "Action.OpenUrl", "title": "Open in Ward", "url": m.Link}},
	}
	return object{"type": "message", "attachments": []object{
		{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card},
	}}
}

// teamsText keeps text from being read as Markdown.
var teamsEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, "&lt;", "`", "\\`")

func teamsText(s string) string { return teamsEscape.Replace(s) }

// cut shortens a text to n bytes at the end of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
