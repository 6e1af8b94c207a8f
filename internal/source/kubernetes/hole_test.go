package kubernetes

import (
	"testing"

	"helm.sh/helm/v3/pkg/chart"
)

// FuzzDecided proves that no template and no name of a setting makes the search for what decides by a value panic or go on for ever.
func FuzzDecided(f *testing.F) {
	f.Add(`{{ define "h" }}{{ with .Values.image }}{{ .tag | quote }}{{ end }}{{ end }}{{ include "h" . }}`, "image.tag")
	f.Add(`{{ range $i, $x := .Values.list }}{{ template "h" (dict "a" $x) }}{{ end }}{{ if and .a (eq .b.c "d") }}{{ end }}`, `a\.b[0].c`)
	f.Add(`{{ (.Values.a).b }}{{ $.Values }}{{ include (print "h") $ }}{{ block "x" . }}{{ break }}{{ end }}`, "")
	f.Fuzz(func(t *testing.T, text, name string) {
		c := &chart.Chart{Metadata: &chart.Metadata{Name: "c"}, Templates: []*chart.File{{Name: "templates/a.yaml", Data: []byte(text)}}}
		decided(c, valuePath(name))
	})
}
