package waste_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/waste"
)

var now = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func estate(c *catalog.Catalog, volumes ...map[string]value.Value) *inventory.Inventory {
	reading := source.Reading{Kind: "aws", Name: "aws:1", Dialect: resource.AWS, Kinds: []string{"aws.ebs.volume"}}
	for _, v := range volumes {
		id, _ := v["VolumeId"].AsString()
		reading.Blocks = append(reading.Blocks, resource.Block{Dialect: resource.AWS, Type: "aws.ebs.volume", Address: "arn:aws:ec2:eu-west-1:1:volume/" + id,
			Target: "aws:1", Region: "eu-west-1", Origin: &value.Origin{}, Body: value.Object(map[string]value.Value{"DescribeVolumes": value.Object(v)})})
	}
	return mapping.Map(c.Kinds, []source.Reading{reading})
}

func volume(id, typ string, size int64, state value.Value) map[string]value.Value {
	return map[string]value.Value{"VolumeId": value.String(id), "VolumeType": value.String(typ), "Size": value.Int(size),
		"CreateTime": value.String("2026-01-01T00:00:00Z"), "State": state}
}

// TestOf proves that what is not used is told with its cost, the dearest first, that what is used is not, and that what
// cannot be known is told apart.
func TestOf(t *testing.T) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	prices, err := waste.LoadPrices(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	free, used := value.String("available"), value.String("in-use")
	w := waste.Of(c, estate(c, volume("vol-small", "gp3", 10, free), volume("vol-used", "gp3", 500, used),
		volume("vol-large", "gp2", 100, free), volume("vol-odd", "holographic", 1, free),
		volume("vol-dark", "gp3", 1, value.Unresolved(value.Reason{Why: "denied", Grant: "ec2:DescribeVolumes"}))), prices, now)
	var told []string
	for _, i := range w.Items {
		told = append(told, i.Resource.Address[strings.LastIndex(i.Resource.Address, "/")+1:])
	}
	if got := strings.Join(told, " "); got != "vol-large vol-small vol-odd" {
		t.Errorf("not used: %s", got)
	}
	if got := w.Monthly["USD"]; got < 10.79 || got > 10.81 { // 100 GiB of gp2 at 0.10 and 10 GiB of gp3 at 0.08
		t.Errorf("a month costs %v", w.Monthly)
	}
	if len(w.Unknown) != 1 || w.Unknown[0].Grant != "ec2:DescribeVolumes" {
		t.Errorf("unknown: %v", w.Unknown)
	}
	if w.Items[2].Monthly != nil || w.Items[2].Why == "" {
		t.Errorf("a type without a price costs %v", w.Items[2])
	}
}

// TestOfGaps proves that what could not be listed is told, if it may hold what is asked about.
func TestOfGaps(t *testing.T) {
	c, err := catalog.Load(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	prices, err := waste.LoadPrices(builtin.Files)
	if err != nil {
		t.Fatal(err)
	}
	gaps := []resource.Gap{{Kind: "aws.ebs.volume", What: "volumes", Grant: "ec2:DescribeVolumes"}, {Kind: "aws.iam.role", What: "roles"},
		{What: "other regions"}}
	w := waste.Of(c, inventory.New(nil, nil, nil, gaps), prices, now)
	if len(w.Gaps) != 2 || w.Gaps[0].What != "volumes" || w.Gaps[1].What != "other regions" {
		t.Errorf("gaps: %v", w.Gaps)
	}
	var b strings.Builder
	if err := w.WriteText(&b); err != nil || !strings.Contains(b.String(), "2 parts not read") || !strings.Contains(b.String(), "ec2:DescribeVolumes") {
		t.Errorf("%v: %s", err, b.String())
	}
}

// TestPrices proves that a table without a day or with half a choice is refused.
func TestPrices(t *testing.T) {
	for name, text := range map[string]string{
		"no day":        "provider: aws\nsource: x\ncurrency: USD\nprices: {a: {month: 1}}\n",
		"half a choice": "provider: aws\nsource: x\ncurrency: USD\nas_of: 2026-01-01\nprices: {a: {by: type}}\n",
		"nothing":       "provider: aws\nsource: x\ncurrency: USD\nas_of: 2026-01-01\nprices: {a: {}}\n",
	} {
		if _, err := waste.LoadPrices(fstest.MapFS{"prices/aws.yaml": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
