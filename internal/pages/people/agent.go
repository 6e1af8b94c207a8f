package people

import "strings"

// named are a word in what a browser says it is, and what people call it. Browsers say the names of others too, so the first one counts.
type named []struct{ word, name string }

var (
	browsers = named{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systems  = named{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"},
		{"Linux", "Linux"}}
)

func (n named) in(text string) string {
	for _, one := range n {
		if strings.Contains(text, one.word) {
			return one.name
		}
	}
	return ""
}

// browser is what people call a browser by what it says it is, or that itself.
func browser(agent string) string {
	name, system := browsers.in(agent), systems.in(agent)
	switch {
	case name == "":
		return agent
	case system == "":
		return name
	}
	return name + " on " + system
}
