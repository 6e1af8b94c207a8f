package decode

import "testing"

func TestTimeWithin(t *testing.T) {
	decodes(t, "time.within", []decoding{
		{"as EC2 says why an instance was stopped", "User initiated (2026-01-31 12:00:00 GMT)", "2026-01-31T12:00:00Z"},
		{"as the emulator does", "User initiated (2026-01-31 12:00:00 UTC)", "2026-01-31T12:00:00Z"},
		{"no time", "Server.SpotInstanceTermination", nil},
		{"no such day", "User initiated (2026-02-31 12:00:00 GMT)", "?"},
		{"no text", list{}, "?"},
		{"not known", unknown(), "?"},
	})
}
