// Package browser opens pages in a real Chromium, as people see them: wide and narrow, light and dark, printed. It tells what is wrong
// with a page that a person would stumble over: what axe finds, errors of the console, what the content security policy stopped, text
// that runs out of a narrow window.
//
// Only tests import it. It must not know what pages show.
package browser

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/playwright-community/playwright-go"
)

// Browser is a running Chromium.
type Browser struct {
	t        testing.TB
	chrome   playwright.Browser
	axe      string // the text of axe's script
	pictures string
	keeps    bool // every picture, for people to look at
}

// Open opens a Chromium whose windows close with the test. Pictures go to the folder that WARD_PICTURES names, or to one that ends with the
// test. Without a browser a test is skipped, in CI it fails; in short it is always skipped.
func Open(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("opens a browser")
	}
	driver, axe, chromium, why := find()
	if why != "" && os.Getenv("CI") != "" {
		t.Fatal(why)
	} else if why != "" {
		t.Skip(why)
	}
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Fatal(err)
	}
	b := &Browser{t: t, chrome: start(t, driver, chromium), axe: string(script), pictures: os.Getenv("WARD_PICTURES")}
	if b.keeps = b.pictures != ""; !b.keeps {
		b.pictures = t.TempDir()
	} else if err := os.MkdirAll(b.pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	starting sync.Mutex
	shared   playwright.Browser
)

// start returns the Chromium that all tests of one program share: its start takes as long as several pages. It ends with the program,
// however that ends, since its driver then has nobody to listen to.
func start(t testing.TB, driver, chromium string) playwright.Browser {
	t.Helper()
	starting.Lock()
	defer starting.Unlock()
	if shared != nil && shared.IsConnected() {
		return shared
	}
	play, err := playwright.Run(&playwright.RunOptions{DriverDirectory: driver, SkipInstallBrowsers: true, Verbose: false})
	if err != nil {
		t.Fatalf("start the driver of the browser: %v", err)
	}
	var arguments []string
	if os.Getuid() == 0 { // Chromium's own sandbox refuses root
		arguments = append(arguments, "--no-sandbox")
	}
	shared, err = play.Chromium.Launch(playwright.BrowserTypeLaunchOptions{ExecutablePath: &chromium, Args: arguments})
	if err != nil {
		t.Fatalf("start %s: %v", chromium, err)
	}
	return shared
}

// find looks for what `make setup` installs, in the folder .venv of the project, and for the machine's Chromium.
func find() (driver, axe, chromium, why string) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		return "", "", "", "there is no Chromium: install the package chromium"
	}
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		packages, _ := filepath.Glob(filepath.Join(dir, ".venv", "lib", "python3*", "site-packages"))
		for _, p := range packages {
			driver, axe = filepath.Join(p, "playwright", "driver"), filepath.Join(p, "axe_playwright_python", "axe.min.js")
			if exists(driver) && exists(axe) {
				return driver, axe, chromium, ""
			}
		}
	}
	return "", "", "", "there is no driver of a browser: run make setup"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Guarded answers as a handler does, under a content security policy that the server's own is no stricter than.
func Guarded(h http.Handler) http.Handler {
	const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
		"frame-ancestors 'none'; base-uri 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		h.ServeHTTP(w, r)
	})
}

// View is how a person looks at pages.
type View struct {
	Name   string // for pictures
	Width  int
	Height int
	Dark   bool
	Print  bool
	// Scriptless is with scripts turned off.
	Scriptless bool
	// Rules are what axe looks for.
	Rules Rules
}

// Rules are those of axe.
type Rules int

// Each rule is looked for where its answer may differ.
const (
	All     Rules = iota
	Colours       // of texts and of what is behind them: in the dark and on paper everything else is as it is on a screen in the light
	Parts         // how parts are named and nested: on a phone texts have the colours that they have on a desk
)

// The views that every page is to be good in.
var (
	Desk  = View{Name: "desk", Width: 1280, Height: 800}
	Night = View{Name: "dark", Width: 1280, Height: 800, Dark: true, Rules: Colours}
	Phone = View{Name: "phone", Width: 360, Height: 740, Rules: Parts}
	Paper = View{Name: "print", Width: 794, Height: 1123, Print: true, Rules: Colours}
	Plain = View{Name: "plain", Width: 1280, Height: 800, Scriptless: true}
)

// Views are those that a page is checked in.
var Views = []View{Desk, Night, Phone, Paper}

// Visit opens a window with cookies and settings of its own. It takes the server's own certificate.
func (b *Browser) Visit(v View) *Visit {
	b.t.Helper()
	scheme := playwright.ColorSchemeLight
	if v.Dark {
		scheme = playwright.ColorSchemeDark
	}
	within, err := b.chrome.NewContext(playwright.BrowserNewContextOptions{
		Viewport: &playwright.Size{Width: v.Width, Height: v.Height}, ColorScheme: scheme,
		IgnoreHttpsErrors: playwright.Bool(true), JavaScriptEnabled: playwright.Bool(!v.Scriptless),
		BypassCSP: playwright.Bool(false), AcceptDownloads: playwright.Bool(true), Locale: playwright.String("en-GB"),
		TimezoneId: playwright.String("Europe/Berlin"),
	})
	if err != nil {
		b.t.Fatalf("open a window: %v", err)
	}
	b.t.Cleanup(func() { _ = within.Close() })
	page, err := within.NewPage()
	if err != nil {
		b.t.Fatalf("open a page: %v", err)
	}
	page.SetDefaultTimeout(60_000) // of milliseconds: a machine may be busy
	visit := &Visit{Page: page, b: b, view: v}
	page.OnConsole(func(m playwright.ConsoleMessage) {
		if m.Type() == "error" || strings.Contains(m.Text(), "Content Security Policy") {
			visit.say(m.Text())
		}
	})
	page.OnPageError(func(err error) { visit.say("an error that no script caught: " + err.Error()) })
	if v.Print {
		if err := page.EmulateMedia(playwright.PageEmulateMediaOptions{Media: playwright.MediaPrint}); err != nil {
			b.t.Fatal(err)
		}
	}
	return visit
}
