package delivery

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// label marks the issues of Ward, and the marker of a group the one that belongs to it, so that an issue whose number was lost is found.
const label = "ward"

func marker(m Message) string {
	if m.Thread != "" {
		return "ward-" + m.Thread
	}
	return "ward-" + m.ID
}

// gitHub opens an issue for a group, or adds a comment to the one that is open, or closes it.
func (p *Post) gitHub(ctx context.Context, c Channel, token string, m Message) (string, error) {
	base := c.URL
	if base == "" {
		base = "https://api.github.com"
	}
	issues := strings.TrimSuffix(base, "/") + "/repos/" + c.Project + "/issues"
	header := http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/vnd.github+json"},
		"X-Github-Api-Version": {"2022-11-28"}}
	remote := m.Remote
	if remote == "" && m.Again {
		var err error
		if remote, err = p.gitHubFind(ctx, issues, header, m); err != nil {
			return "", err
		}
		if remote != "" && !m.Resolve {
			return remote, nil // the attempt before opened it
		}
	}
	if remote == "" {
		if m.Resolve {
			return "", nil // nothing was opened
		}
		var made struct {
			Number int `json:"number"`
		}
		body := object{"title": cut(m.Title, 250), "body": markdown(m), "labels": []string{label}}
		if err := p.call(ctx, http.MethodPost, issues, body, header, &made); err != nil {
			return "", err
		}
		return strconv.Itoa(made.Number), nil
	}
	issue := issues + "/" + url.PathEscape(remote)
	if m.Resolve {
		return remote, p.call(ctx, http.MethodPatch, issue, object{"state": "closed", "state_reason": "completed"}, header, nil)
	}
	if m.Again {
		if there, err := p.gitHubCommented(ctx, issue, header, m); err != nil || there {
			return remote, err
		}
	}
	return remote, p.post(ctx, issue+"/comments", object{"body": markdown(m)}, header)
}

type gitHubText struct {
	Number int    `json:"number"`
	Body   string `json:"body"`
}

func (p *Post) gitHubFind(ctx context.Context, issues string, header http.Header, m Message) (string, error) {
	var all []gitHubText
	if err := p.call(ctx, http.MethodGet, issues+"?state=open&per_page=100&labels="+label, nil, header, &all); err != nil {
		return "", err
	}
	for _, issue := range all {
		if strings.Contains(issue.Body, marker(m)) {
			return strconv.Itoa(issue.Number), nil
		}
	}
	return "", nil
}

func (p *Post) gitHubCommented(ctx context.Context, issue string, header http.Header, m Message) (bool, error) {
	var all []gitHubText
	if err := p.call(ctx, http.MethodGet, issue+"/comments?per_page=100", nil, header, &all); err != nil {
		return false, err
	}
	for _, comment := range all {
		if strings.Contains(comment.Body, m.ID) {
			return true, nil
		}
	}
	return false, nil
}

// markdownEscape keeps text from being markup, a mention or a link to an issue.
var markdownEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`,
	`<`, "&lt;", "`", "\\`", "@", "@\u200b", "#", `\#`)

// markdown is the text of an issue or comment, with the marks that it is found by.
func markdown(m Message) string {
	var b strings.Builder
	for _, g := range m.Groups {
		fmt.Fprintf(&b, "- %s", markdownEscape.Replace(g.line()))
		if named := g.named(); named != "" {
			fmt.Fprintf(&b, "\n  %s", markdownEscape.Replace(named))
		}
		if g.Link != "" {
			fmt.Fprintf(&b, " ([open](%s))", g.Link)
		}
		b.WriteByte('\n')
	}
	if more := m.more(); more != "" {
		fmt.Fprintf(&b, "- %s\n", more)
	}
	fmt.Fprintf(&b, "\n%s%s\n\n<!-- %s %s -->\n", reasons[m.Sort], m.Link, marker(m), m.ID)
	return b.String()
}

var jiraKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]*-[0-9]+$`)

// jira opens an issue for a group, or adds a comment to the one that is open, or moves it to a status that counts as done. It uses version
// 2 of the REST API, which both Jira Cloud and Jira Data Center have.
func (p *Post) jira(ctx context.Context, c Channel, token string, m Message) (string, error) {
	base := strings.TrimSuffix(c.URL, "/") + "/rest/api/2"
	header := http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"}}
	if c.User != "" { // Jira Cloud
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.User+":"+token)))
	}
	remote := m.Remote
	if remote == "" && m.Again {
		var err error
		if remote, err = p.jiraFind(ctx, base, header, c, m); err != nil {
			return "", err
		}
		if remote != "" && !m.Resolve {
			return remote, nil
		}
	}
	switch {
	case remote == "" && m.Resolve:
		return "", nil
	case remote == "":
		return p.jiraOpen(ctx, base, header, c, m)
	case !jiraKey.MatchString(remote):
		return "", final("the issue of the group has no key of Jira")
	case m.Resolve:
		return remote, p.jiraDone(ctx, base+"/issue/"+remote, header)
	}
	return remote, p.post(ctx, base+"/issue/"+remote+"/comment", object{"body": jiraText(m)}, header)
}

var jiraEscape = strings.NewReplacer("[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`, "@", "@\u200b")

// jiraText is the text with nothing in it that Jira takes for its markup.
func jiraText(m Message) string { return jiraEscape.Replace(m.Text()) }

func (p *Post) jiraOpen(ctx context.Context, base string, header http.Header, c Channel, m Message) (string, error) {
	kind := c.IssueType
	if kind == "" {
		kind = "Task"
	}
	var made struct {
		Key string `json:"key"`
	}
	err := p.call(ctx, http.MethodPost, base+"/issue", object{"fields": object{
		"project": object{"key": c.Project}, "issuetype": object{"name": kind}, "summary": cut(m.Title, 250), "description": jiraText(m),
		"labels": []string{label, marker(m)},
	}}, header, &made)
	return made.Key, err
}

// jiraFind looks for the issue of a group that is not done, by its label. Jira Cloud has a path of its own for that.
func (p *Post) jiraFind(ctx context.Context, base string, header http.Header, c Channel, m Message) (string, error) {
	query := fmt.Sprintf(`project = "%s" AND labels = "%s" AND statusCategory != Done ORDER BY created DESC`, c.Project, marker(m))
	path := "/search"
	if c.User != "" {
		path = "/search/jql"
	}
	var found struct {
		Issues []struct {
			Key string `json:"key"`
		} `json:"issues"`
	}
	err := p.call(ctx, http.MethodGet, base+path+"?maxResults=1&fields=key&jql="+url.QueryEscape(query), nil, header, &found)
	if err != nil || len(found.Issues) == 0 {
		return "", err
	}
	return found.Issues[0].Key, nil
}

func (p *Post) jiraDone(ctx context.Context, issue string, header http.Header) error {
	var offered struct {
		Transitions []struct {
			ID string `json:"id"`
			To struct {
				StatusCategory struct {
					Key string `json:"key"`
				} `json:"statusCategory"`
			} `json:"to"`
		} `json:"transitions"`
	}
	if err := p.call(ctx, http.MethodGet, issue+"/transitions", nil, header, &offered); err != nil {
		return err
	}
	for _, t := range offered.Transitions {
		if t.To.StatusCategory.Key == "done" {
			return p.post(ctx, issue+"/transitions", object{"transition": object{"id": t.ID}}, header)
		}
	}
	return final("the issue has no transition to a status that counts as done")
}
