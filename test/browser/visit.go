package browser

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/playwright-community/playwright-go"
)

// Visit is a window. What Playwright's own Page can do, a test does with Page.
type Visit struct {
	playwright.Page
	b    *Browser
	view View

	mutex    sync.Mutex
	messages []string
}

func (v *Visit) say(message string) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.messages = append(v.messages, message)
}

// Messages are the errors that the browser told of since they were asked for last.
func (v *Visit) Messages() []string {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	all := v.messages
	v.messages = nil
	return all
}

// Open goes to an address, which must answer with a page. It returns the status of HTTP.
func (v *Visit) Open(address string) int {
	v.b.t.Helper()
	reply, err := v.Goto(address, playwright.PageGotoOptions{WaitUntil: playwright.WaitUntilStateLoad})
	if err != nil {
		v.b.t.Fatalf("open %s: %v", address, err)
	}
	if reply == nil {
		return 0
	}
	return reply.Status()
}

// Fill writes into the field with a label.
func (v *Visit) Fill(label, text string) {
	v.b.t.Helper()
	if err := v.GetByLabel(label, playwright.PageGetByLabelOptions{Exact: playwright.Bool(true)}).Fill(text); err != nil {
		v.b.t.Fatalf("fill %q on %s: %v", label, v.URL(), err)
	}
}

// Press presses the button with a name.
func (v *Visit) Press(name string) {
	v.b.t.Helper()
	if err := v.GetByRole("button", playwright.PageGetByRoleOptions{Name: name}).First().Click(); err != nil {
		v.b.t.Fatalf("press %q on %s: %v", name, v.URL(), err)
	}
}

// Follow follows the link with a name.
func (v *Visit) Follow(name string) {
	v.b.t.Helper()
	if err := v.GetByRole("link", playwright.PageGetByRoleOptions{Name: name}).First().Click(); err != nil {
		v.b.t.Fatalf("follow %q on %s: %v", name, v.URL(), err)
	}
}

// Tick clicks the first box that a selector of CSS finds. It may lead to another page.
func (v *Visit) Tick(selector string) {
	v.b.t.Helper()
	if err := v.Locator(selector).First().Click(); err != nil {
		v.b.t.Fatalf("tick %s on %s: %v", selector, v.URL(), err)
	}
}

// Select chooses an option of the choice with a label.
func (v *Visit) Select(label, option string) {
	v.b.t.Helper()
	if _, err := v.GetByLabel(label).First().SelectOption(playwright.SelectOptionValues{Labels: &[]string{option}}); err != nil {
		v.b.t.Fatalf("choose %q of %q on %s: %v", option, label, v.URL(), err)
	}
}

// Choose opens what a summary folds away, and presses a button in it unless its name is "".
func (v *Visit) Choose(summary, button string) {
	v.b.t.Helper()
	if err := v.Locator("summary:visible", playwright.PageLocatorOptions{HasText: summary}).First().Click(); err != nil {
		v.b.t.Fatalf("open %q on %s: %v", summary, v.URL(), err)
	}
	if button != "" {
		v.Press(button)
	}
}

// Attribute is an attribute of the first element that a selector of CSS finds, "" without one.
func (v *Visit) Attribute(selector, name string) string {
	v.b.t.Helper()
	value, err := v.Locator(selector).First().GetAttribute(name)
	if err != nil {
		v.b.t.Fatalf("read %s of %s on %s: %v", name, selector, v.URL(), err)
	}
	return value
}

// Query is that of the address of the page that is open.
func (v *Visit) Query() url.Values {
	v.b.t.Helper()
	address, err := url.Parse(v.URL())
	if err != nil {
		v.b.t.Fatal(err)
	}
	return address.Query()
}

// Sees fails the test unless the page shows a text within a few seconds.
func (v *Visit) Sees(text string) {
	v.b.t.Helper()
	if err := v.GetByText(text).First().WaitFor(); err != nil {
		v.b.t.Fatalf("%s does not show %q: %v", v.URL(), text, err)
	}
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

// Picture keeps a picture of the whole page under a name and returns its path.
func (v *Visit) Picture(name string) string {
	v.b.t.Helper()
	path := filepath.Join(v.b.pictures, strings.Trim(unfit.ReplaceAllString(strings.ToLower(name), "-"), "-")+"."+v.view.Name+".png")
	if _, err := v.Screenshot(playwright.PageScreenshotOptions{Path: &path, FullPage: playwright.Bool(true)}); err != nil {
		v.b.t.Fatalf("take a picture of %s: %v", v.URL(), err)
	}
	return path
}

// PDF prints the page as a person would, and keeps it beside the pictures.
func (v *Visit) PDF(name string) string {
	v.b.t.Helper()
	path := filepath.Join(v.b.pictures, name+".pdf")
	if _, err := v.Page.PDF(playwright.PagePdfOptions{Path: &path, PreferCSSPageSize: playwright.Bool(true)}); err != nil {
		v.b.t.Fatalf("print %s: %v", v.URL(), err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		v.b.t.Fatalf("print %s: nothing was printed (%v)", v.URL(), err)
	}
	return path
}

// Sound fails the test with all that is wrong with the page that is open. It keeps a picture of it if WARD_PICTURES says where.
func (v *Visit) Sound(name string) {
	v.b.t.Helper()
	if v.b.keeps {
		v.Picture(name)
	}
	for _, message := range v.Messages() {
		v.b.t.Errorf("%s, %s: the browser says: %s", name, v.view.Name, message)
	}
	if v.view.Scriptless {
		return
	}
	over, err := v.Evaluate(`() => {
		const wide = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= wide) return [];
		const all = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > wide + 1 && !e.closest(".scroll, .map-frame, pre"));
		return ["the page is " + document.documentElement.scrollWidth + " wide in " + wide].concat(all.slice(0, 5).map(e => e.outerHTML.slice(0, 160)));
	}`)
	if err != nil {
		v.b.t.Fatal(err)
	}
	if list, _ := over.([]any); len(list) > 0 {
		v.b.t.Errorf("%s, %s: it runs out of the window: %v", name, v.view.Name, list)
	}
	for _, violation := range v.axe() {
		v.b.t.Errorf("%s, %s: %s", name, v.view.Name, violation)
	}
}

// axeRules are the rules that pages keep: WCAG 2.1 A and AA, and what axe calls good practice; and the parts of them.
var axeRules = map[Rules]string{
	All:     `{runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}`,
	Colours: `{runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}}`,
	Parts: `{runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]},
		rules: {"color-contrast": {enabled: false}, "link-in-text-block": {enabled: false}}}`,
}

// axeRun asks axe about the page but for rows and alike that are written as two beside them are, with the same elements, attributes and
// states: most of axe's time goes to what colours each text stands on, and these are the same there.
const axeRun = `async (rules) => {
	const states = /^(class|role|type|style|data-.*|aria-(current|hidden|sort|pressed|expanded|invalid|disabled))$/;
	const shape = e => e.tagName + [...e.attributes].map(a => a.name + (states.test(a.name) ? "=" + a.value : a.value.trim() ? "" : "=")) +
		"(" + [...e.childNodes].map(n => n.nodeType == 1 ? shape(n) : n.nodeType == 3 && n.data.trim() ? "text" : "") + ")";
	const again = [];
	const look = list => {
		const seen = {};
		for (const e of list.children) {
			const s = shape(e);
			seen[s] = (seen[s] || 0) + 1;
			if (seen[s] > 2 && e.tagName != "DT" && e.tagName != "DD") again.push(e);
			else look(e);
		}
	};
	look(document.body);
	const found = await axe.run({include: [document], exclude: again}, {...rules, resultTypes: ["violations"]});
	return JSON.stringify(found.violations.map(v =>
		({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + (n.failureSummary || ""))})));
}`

// axe returns what axe calls serious or critical.
func (v *Visit) axe() []string {
	v.b.t.Helper()
	// Evaluating goes by the debugger, which the page's policy does not concern.
	if _, err := v.Evaluate(v.b.axe); err != nil {
		v.b.t.Fatalf("load axe: %v", err)
	}
	result, err := v.Evaluate("(" + axeRun + ")(" + axeRules[v.view.Rules] + ")")
	if err != nil {
		v.b.t.Fatalf("run axe: %v", err)
	}
	var all []struct {
		ID, Impact, Help string
		Nodes            []string
	}
	if err := json.Unmarshal([]byte(fmt.Sprint(result)), &all); err != nil {
		v.b.t.Fatal(err)
	}
	var serious []string
	for _, a := range all {
		if a.Impact == "serious" || a.Impact == "critical" {
			serious = append(serious, fmt.Sprintf("axe: %s (%s): %s: %s", a.ID, a.Impact, a.Help, strings.Join(a.Nodes, " | ")))
		}
	}
	return serious
}
