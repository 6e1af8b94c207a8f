package delivery

import (
	"context"
	"strings"
)

// pagerDuty sends an event of the Events API, version 2. The same group always has the same key, so that a second event adds to the
// incident that is open, and its end resolves it.
func (p *Post) pagerDuty(ctx context.Context, c Channel, routingKey string, m Message) error {
	to := c.URL
	if to == "" {
		to = "https://events.pagerduty.com"
	}
	key := m.Thread
	if key == "" {
		key = m.ID
	}
	event := object{"routing_key": routingKey, "event_action": "trigger", "dedup_key": "ward-" + key}
	if m.Resolve {
		event["event_action"] = "resolve"
	} else {
		details := object{"count": m.Count, "text": cut(m.Text(), 20000)}
		event["payload"] = object{
			"summary": cut(m.Title, 1024), "source": "ward", "severity": pagerSeverity(m.severity()), "class": string(m.Sort),
			"custom_details": details,
		}
		event["links"] = []object{{"href": m.Link, "text": "Open in Ward"}}
		event["client"] = "Ward"
	}
	return p.post(ctx, strings.TrimSuffix(to, "/")+"/v2/enqueue", event, nil)
}

func pagerSeverity(s string) string {
	switch s {
	case "critical":
		return "critical"
	case "high":
		return "error"
	case "medium":
		return "warning"
	}
	return "info"
}
