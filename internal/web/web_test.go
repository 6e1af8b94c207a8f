package web

import (
	"bufio"
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ward.dev/ward/internal/access"
)

// house serves a site to somebody with roles; the zero Actor is nobody.
func house(t *testing.T, actor *access.Actor) (*Site, *httptest.Server) {
	t.Helper()
	mux := http.NewServeMux()
	site, err := New(mux, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(access.With(r.Context(), *actor)))
	}))
	t.Cleanup(server.Close)
	return site, server
}

var viewer = access.Actor{ID: "v", Name: "v", Roles: []access.Role{access.Viewer}}

// TestTheme proves that a theme is kept per reader, also before sign-in, and that it leads back only to pages of this server.
func TestTheme(t *testing.T) {
	_, server := house(t, &access.Actor{})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, c := range []struct {
		theme, next, cookie, to string
		status                  int
	}{
		{"dark", "/findings?status=fail", "theme=dark", "/findings?status=fail", 303},
		{"light", "//evil.example", "theme=light", "/", 303},
		{"", "/\\evil.example", "theme=;", "/", 303},
		{"dark", "https://evil.example", "theme=dark", "/", 303},
		{"neon", "/", "", "", 422},
	} {
		reply, err := client.PostForm(server.URL+"/theme", url.Values{"theme": {c.theme}, "next": {c.next}})
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != c.status || reply.Header.Get("Location") != c.to || !strings.HasPrefix(reply.Header.Get("Set-Cookie"), c.cookie) {
			t.Errorf("%+v: %d to %q with %q", c, reply.StatusCode, reply.Header.Get("Location"), reply.Header.Get("Set-Cookie"))
		}
	}
}

// TestFrame proves that the navigation shows what the reader may see, under headings, with the estate and the date that are chosen.
func TestFrame(t *testing.T) {
	actor := viewer
	site, server := house(t, &actor)
	site.Link(Link{Title: "People", Path: "/people", Need: access.People, Order: 3, Group: "Settings"})
	site.Link(Link{Title: "Findings", Path: "/findings", Need: access.View, Order: 2, Group: "State", Scoped: true})
	site.Link(Link{Title: "Overview", Path: "/", Need: access.View, Order: 1, Group: "State"})
	pages, err := site.Pages(fstest.MapFS{"one.html": {Data: []byte(`{{define "body"}}{{loud .}}{{template "status" "not met"}}{{end}}`)}},
		template.FuncMap{"loud": strings.ToUpper})
	if err != nil {
		t.Fatal(err)
	}
	site.Handle("GET /one", access.View, func(w http.ResponseWriter, r *http.Request) error {
		return pages.Show(w, r, "one.html", Page{Title: "<One>", Active: "/findings", Body: "text",
			Scope: &Scope{Action: "/one", Estates: []Choice{{"a", "A"}, {"b", "B"}}, Estate: "b", Date: "2026-01-02"}})
	})
	reply, err := http.Get(server.URL + "/one")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	b, _ := io.ReadAll(reply.Body)
	for _, want := range []string{"<h1>&lt;One&gt;</h1>", "TEXT", `<span class="status not-met">not met</span>`, `<h2>State</h2>`,
		`href="/findings?date=2026-01-02&amp;estate=b" aria-current="page"`, `<option value="b" selected>B</option>`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%q is missing in %s", want, b)
		}
	}
	for _, no := range []string{"/people", "Settings"} {
		if strings.Contains(string(b), no) {
			t.Errorf("%q is shown to who may not see it", no)
		}
	}
	if strings.Index(string(b), ">Overview<") > strings.Index(string(b), ">Findings<") {
		t.Error("the navigation is not in its order")
	}
}

// TestLive proves that open pages hear of their own estate only, that there are not too many of them, and that they end when the server does.
func TestLive(t *testing.T) {
	actor := viewer
	site, server := house(t, &actor)
	live := site.Live(2)
	listen := func(estate string) (*http.Response, *bufio.Scanner) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		t.Cleanup(cancel)
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/live?estate="+estate, nil)
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { reply.Body.Close() })
		lines := bufio.NewScanner(reply.Body)
		if reply.StatusCode == http.StatusOK && (!lines.Scan() || !strings.HasPrefix(lines.Text(), "retry:")) {
			t.Fatalf("it begins with %q", lines.Text())
		}
		return reply, lines
	}
	_, a := listen("a")
	_, b := listen("b")
	if reply, _ := listen("c"); reply.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one too many is answered %d", reply.StatusCode)
	}
	live.Tell("a")
	heard := func(lines *bufio.Scanner) (all string) {
		for lines.Scan() {
			all += lines.Text()
			if strings.HasPrefix(lines.Text(), "data:") {
				break
			}
		}
		return all
	}
	if got := heard(a); !strings.Contains(got, "event: changed") {
		t.Errorf("the page of the estate hears %q", got)
	}
	live.Stop()
	if got := heard(b); strings.Contains(got, "changed") {
		t.Errorf("a page of another estate hears %q", got)
	}
	if got := heard(a); got != "" {
		t.Errorf("after the end a page hears %q", got)
	}
}

// TestSmall proves that style and script stay under 100 kB, and that neither fetches anything from elsewhere.
func TestSmall(t *testing.T) {
	total := 0
	for _, name := range []string{"ward.css", "ward.js", "icon.svg"} {
		b, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		total += len(b)
		for _, foreign := range []string{"@import", "url(", "https://", "eval(", "innerHTML = "} {
			if strings.Contains(string(b), foreign) {
				t.Errorf("%s has %s", name, foreign)
			}
		}
	}
	if total > 100_000 {
		t.Errorf("style and script are %d bytes", total)
	}
}

// TestParts proves that parts take what they are given and tell when it is not what they need.
func TestParts(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{`{{template "field" (args "Name" "mail" "Label" "E-mail" "Value" "<x>" "Error" "No." "Help" "Yes." "Required" true)}}`,
			`value="&lt;x&gt;" required aria-describedby="mail-help mail-error" aria-invalid="true"`},
		{`{{template "field" (args "Name" "x" "Label" "X" "Type" "select" "Value" "b" "Options" .)}}`, `<option value="b" selected>b</option>`},
		{`{{template "confirm" (args "Action" "/x" "Name" "portal" "Button" "Delete")}}`, `Type portal to confirm`},
		{`{{template "phi" "unknown"}}`, `PHI?`},
		{`{{number 1234567}} {{plural 1 "gap"}} {{plural 1200 "gap"}} {{slug "Not Met"}}`, `1,234,567 1 gap 1,200 gaps not-met`},
	} {
		base, err := template.New("").Funcs(funcs).ParseFS(layout, "_*.html")
		if err != nil {
			t.Fatal(err)
		}
		page, err := base.New("page").Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := page.Execute(&out, []string{"a", "b"}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s gives %s, without %s", c.text, out.String(), c.want)
		}
	}
	if _, err := args("a"); err == nil {
		t.Error("args takes a name without a value")
	}
	if _, err := choices(3); err == nil {
		t.Error("a number is taken for choices")
	}
}
