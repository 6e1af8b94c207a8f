package web

import (
	"net/http"
	"strings"
	"time"
)

// themeCookie holds whether a reader wants pages light or dark. It is not tied to an account, so that the sign-in looks so too.
const themeCookie = "theme"

// themeOf is the theme that a reader chose, "" for that of the system.
func themeOf(r *http.Request) string {
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// setTheme keeps the theme that a reader chooses and leads back to where they were.
func setTheme(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 8<<10)
	c := &http.Cookie{Name: themeCookie, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()), HttpOnly: true, Secure: r.TLS != nil,
		SameSite: http.SameSiteLaxMode}
	switch c.Value = r.PostFormValue("theme"); c.Value {
	case "light", "dark":
	case "":
		c.MaxAge = -1
	default:
		return Faultf(http.StatusUnprocessableEntity, "A theme is light, dark or that of the system.")
	}
	http.SetCookie(w, c)
	http.Redirect(w, r, Local(r.PostFormValue("next")), http.StatusSeeOther)
	return nil
}

// Local is a path of this server to lead a reader to, "/" if what was given would lead elsewhere.
func Local(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
