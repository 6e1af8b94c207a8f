package export_test

import (
	"fmt"
	"regexp"
	"testing"

	"ward.dev/ward/internal/assessment"
)

// mutations are small mistakes that a compiler of policies could make.
var mutations = []struct {
	what string
	find *regexp.Regexp
	put  string
}{
	{"another default", regexp.MustCompile(`\.orValue\(false\)`), ".orValue(true)"},
	{"another default", regexp.MustCompile(`\.orValue\(true\)`), ".orValue(false)"},
	{"some instead of all", regexp.MustCompile(`\.all\(`), ".exists("},
	{"all instead of some", regexp.MustCompile(`\.exists\(`), ".all("},
	{"or instead of and", regexp.MustCompile(` && `), " || "},
	{"and instead of or", regexp.MustCompile(` \|\|( |\n)`), " && "},
	{"absent instead of there", regexp.MustCompile(`\.hasValue\(\)`), ".hasValue() == false"},
	{"equal instead of not", regexp.MustCompile(` != `), " == "},
	{"not equal instead of equal", regexp.MustCompile(` == `), " != "},
	{"less instead of more", regexp.MustCompile(` >=? `), " < "},
	{"without the pod's own", regexp.MustCompile(`\.or\(variables\.pod\.[^()]*\)`), ""},
	{"without what runs first", regexp.MustCompile(` \+ variables\.pod\.\?initContainers\.orValue\(\[\]\)(\.map\([^}]*}\))?`), ""},
	{"another role", regexp.MustCompile(`"main"|"ephemeral"`), `"init"`},
}

// mutants makes mistakes in a policy, one in each: in the variables that the check's answer depends on.
func mutants(one exported) []exported {
	var all []exported
	for i, v := range one.policy.Policy.Spec.Variables {
		if v.Name == "unchanged" || regexp.MustCompile("^param_").MatchString(v.Name) {
			continue
		}
		for n, m := range mutations {
			at := m.find.FindStringIndex(v.Expression)
			if at == nil {
				continue
			}
			mutant := one
			mutant.brief(fmt.Sprintf("%s-%d-%d", one.name, i, n))
			text := v.Expression[:at[0]] + m.find.ReplaceAllString(v.Expression[at[0]:at[1]], m.put) + v.Expression[at[1]:]
			mutant.policy.Policy.Spec.Variables[i].Expression = text
			mutant.mistake = fmt.Sprintf("%s: %s in %s", one.of.ID, m.what, v.Name)
			all = append(all, mutant)
		}
	}
	return all
}

// TestMistakesShow proves that TestSameAnswer would find a policy that is wrong: of policies with one small mistake each, more than
// five of six give another answer than the engine to some object of the examples. The rest make no difference to any object that there is:
// of a StatefulSet it does not matter what a Pod would say.
func TestMistakesShow(t *testing.T) {
	c := loadCatalog(t)
	r := newRig(t)
	var all []exported
	seen := map[string]bool{}
	for _, one := range exportAll(t, c) {
		if made := mutants(one); !seen[one.of.ID] && len(made) > 0 {
			mutant := made[len(seen)%len(made)] // another mistake in each policy
			mutant.batch = 1000 + len(all)/perBatch
			all = append(all, mutant)
		}
		seen[one.of.ID] = true
	}
	r.bind(t, all)
	found := map[string]bool{}
	for _, s := range samples(t, c) {
		of := map[int][]exported{}
		for _, one := range all {
			if !found[one.name] && about(one, s) {
				of[one.batch] = append(of[one.batch], one)
			}
		}
		if len(of) > 0 {
			r.ground(t, s.object)
		}
		var w world
		for batch, some := range of {
			made, broken, err := r.create(t, s.in(batch))
			if err != nil {
				break
			}
			if w.inventory == nil {
				w = newWorld(t, c, made.Object)
			}
			for _, one := range some {
				status := w.answer(one.of, one.params)
				_, got := broken[one.name]
				found[one.name] = got != (status == assessment.Fail || status == assessment.Unknown)
			}
		}
	}
	for _, one := range all {
		if !found[one.name] {
			t.Logf("not found: %s", one.mistake)
		}
	}
	t.Logf("%d of %d mistakes found", count(found, true), len(all))
	if missed := len(all) - count(found, true); missed*6 > len(all) {
		t.Errorf("%d of %d mistakes are not found", missed, len(all))
	}
}

func count(of map[string]bool, want bool) int {
	n := 0
	for _, is := range of {
		if is == want {
			n++
		}
	}
	return n
}
