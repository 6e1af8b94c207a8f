package wire_test

import (
	"strings"
	"testing"

	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/wire"
)

// TestImagePlaces proves that every place that a kind of images names is in what is read of them, and that every attribute has one.
func TestImagePlaces(t *testing.T) {
	c := loaded(t)
	for _, fault := range c.Lint(&catalog.Schemas{Live: wire.Shapes()}) {
		if strings.Contains(fault.Error(), "container.image") || strings.Contains(fault.Error(), "container.vulnerability") {
			t.Error(fault)
		}
	}
}
