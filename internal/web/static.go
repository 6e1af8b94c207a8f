package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"

	"ward.dev/ward/internal/access"
)

//go:embed static
var staticFiles embed.FS

// static serves style and script under names that change with what they hold, so that browsers may keep them.
func (s *Site) static() {
	files := http.FileServerFS(sub(staticFiles, "static"))
	s.Handle("GET /static/{name}", access.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		http.StripPrefix("/static/", files).ServeHTTP(w, r)
		return nil
	})
}

// version is added to the addresses of static files.
var version = func() string {
	sum := sha256.New()
	for _, name := range []string{"ward.css", "ward.js", "icon.svg"} {
		b, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			panic(err) // they are compiled in
		}
		sum.Write(b)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}()
