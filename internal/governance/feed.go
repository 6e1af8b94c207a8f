package governance

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/register"
)

// MaxFeed is how many risks one assessment proposes at most, those that concern most resources first.
const MaxFeed = 100

// Feed proposes a risk for each check that fails on resources with PHI, unless the register has one for it: whether that is open or was dismissed.
// It is given the texts of checks, and on how many resources with PHI each fails. A risk names the check, and so its findings. Feed never
// changes, assesses or closes a risk: that is for people. It returns the ids of what it proposed.
func (d *Decisions) Feed(ctx context.Context, estate string, checks []assessment.Check, failing map[string]int) ([]string, error) {
	r := d.Registers.Get(Risk)
	steps, err := d.proposals(ctx, r, estate, checks, failing)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	first, err := d.take(ctx, r, len(steps))
	if err != nil {
		return nil, err
	}
	var ids []string
	for i, s := range steps {
		s.number(r, first+int64(i))
		ids = append(ids, s.item.ID)
	}
	return ids, d.writeAll(ctx, "propose", estate, steps)
}

func (d *Decisions) proposals(ctx context.Context, r *register.Register, estate string, checks []assessment.Check, failing map[string]int) ([]*step, error) {
	checks = slices.Clone(checks)
	slices.SortStableFunc(checks, func(x, y assessment.Check) int { return failing[y.ID] - failing[x.ID] })
	var steps []*step
	for _, c := range checks {
		if failing[c.ID] == 0 || len(steps) == MaxFeed {
			break
		}
		known, err := d.riskOf(ctx, r, estate, c.ID)
		if err != nil {
			return nil, err
		}
		if known {
			continue
		}
		s, err := d.create(ctx, r, estate, riskBody(c, failing[c.ID]))
		if err != nil {
			return nil, fmt.Errorf("propose a risk for %s: %w", c.ID, err)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// riskOf tells whether a risk for a check is in the register, for the estate or for all.
func (d *Decisions) riskOf(ctx context.Context, r *register.Register, estate, check string) (bool, error) {
	for _, of := range []string{estate, ""} {
		if n, err := d.byKey(ctx, r, of, strings.ToLower(check)); err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

func riskBody(c assessment.Check, failing int) register.Body {
	b := register.Body{"title": register.Of(plain("Fails on PHI: "+c.Title, 300)), "check": register.Of(c.ID),
		"failing": register.Of(strconv.Itoa(failing))}
	if why := plain(c.Why, 4000); why != "" {
		b["vulnerability"] = register.Of(why)
	}
	return b
}

// plain is a text of a catalog on one line, so that a field takes it.
func plain(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	runes := []rune(text)
	return string(runes[:min(len(runes), most)])
}

// Evidence is the address of the findings behind a risk that was fed, "" for others.
func Evidence(i *Item) string {
	if check := i.Body["check"].Text; check != "" {
		return "/findings?check=" + check + "&phi=yes&status=fail"
	}
	return ""
}
