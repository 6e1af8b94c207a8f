package wire_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/emulator"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/scope"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/aws"
	"ward.dev/ward/internal/yamlfile"
)

// Where the emulator does not know an operation, its replies are written by hand, one file for each, as AWS's reference of
// the API says that they look on the wire: SERVICE/OPERATION.json. What follows an @ in a name must be in the request, by
// its region, path, query or body, with ~ for /: the reply about one resource, in one region, or of a later page. A number
// before the ending is the status. A list of tags without a file is empty.
const documentedReplies = "internal/source/aws/testdata/replies"

// documentedAnswers are what the checks say of a service's replies.
type documentedAnswers struct {
	// Regions are the kinds of which each region has one. The other kinds are read in the home region only.
	Regions []string `yaml:"regions"`
	// Context are kinds that are read since others refer to them.
	Context []string `yaml:"context"`
	// Answers are, by kind, check and label, the statuses.
	Answers map[string]map[string]map[string]string `yaml:"answers"`
}

// written is one file with a reply.
type written struct {
	must   []string // be in the request
	status int
	header http.Header
	body   []byte
}

// library answers requests with the replies that are written. It speaks for all services of AWS at their own addresses.
type library struct {
	replies map[string][]written // by "guardduty/GetDetector"
	answers map[string]documentedAnswers
	mu      sync.Mutex
	missing map[string]bool
	// fault says how a question goes wrong, nil if it does not.
	fault func(question) fault
	start string // the region of the clients
}

func readLibrary(t *testing.T) *library {
	t.Helper()
	l := &library{replies: map[string][]written{}, answers: map[string]documentedAnswers{}, missing: map[string]bool{},
		start: emulator.Region}
	files, err := filepath.Glob(filepath.Join(root, documentedReplies, "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no replies: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		service, name := filepath.Base(filepath.Dir(file)), filepath.Base(file)
		if name == "answers.yaml" {
			var a documentedAnswers
			if err := yamlfile.Decode(file, data, &a); err != nil {
				t.Fatal(err)
			}
			l.answers[service] = a
			continue
		}
		w := written{status: 200, body: data, header: http.Header{"X-Amzn-Requestid": {"11111111-1111-4111-8111-111111111111"}}}
		ending := filepath.Ext(name)
		w.header.Set("Content-Type", map[string]string{".json": "application/json", ".xml": "text/xml"}[ending])
		name = strings.TrimSuffix(name, ending)
		if status, err := strconv.Atoi(strings.TrimPrefix(filepath.Ext(name), ".")); err == nil {
			w.status, name = status, strings.TrimSuffix(name, filepath.Ext(name))
		}
		parts := strings.Split(strings.ReplaceAll(name, "~", "/"), "@")
		w.must = parts[1:]
		key := service + "/" + parts[0]
		l.replies[key] = append(l.replies[key], w)
	}
	return l
}

// Do implements the SDK's HTTP client.
func (l *library) Do(r *http.Request) (*http.Response, error) {
	q := questionOf(r)
	if l.fault != nil {
		if wrong := l.fault(q); wrong != nil {
			return wrong(r, func() (answer, error) { return l.answer(r, q) })
		}
	}
	a, err := l.answer(r, q)
	if err != nil {
		return nil, err
	}
	return a.response(r), nil
}

func (l *library) answer(r *http.Request, q question) (answer, error) {
	request := q.region + " " + r.Method + " " + r.URL.String() + " "
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return answer{}, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		request += string(body)
	}
	best, found := written{}, false
	for _, w := range l.replies[q.service+"/"+q.operation] {
		fits := !slices.ContainsFunc(w.must, func(text string) bool { return !strings.Contains(request, text) })
		if fits && (!found || len(strings.Join(w.must, "")) > len(strings.Join(best.must, ""))) {
			best, found = w, true
		}
	}
	switch {
	case found:
		return answer{best.status, best.header, best.body}, nil
	case strings.HasPrefix(q.operation, "ListTags"):
		return answer{200, http.Header{"X-Amzn-Requestid": {"1"}, "Content-Type": {"application/json"}}, []byte("{}")}, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.missing[q.service+"/"+q.operation+": "+request] = true
	return answer{}, fmt.Errorf("no reply is written for %v", q)
}

func (l *library) configure(c *sdk.Config) {
	c.Region, c.HTTPClient, c.BaseEndpoint = l.start, l, nil
	c.Credentials = sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
	})
	c.Retryer = impatient
}

// kinds are those of which each region has one, and those that are read at home.
func (l *library) kinds() (everywhere, home []string) {
	for _, a := range l.answers {
		everywhere = append(everywhere, a.Regions...)
		home = append(home, a.Context...)
		for kind := range a.Answers {
			if !slices.Contains(a.Regions, kind) {
				home = append(home, kind)
			}
		}
	}
	return everywhere, home
}

// everywhere and home read the kinds that are answered for.
func (l *library) everywhere(t *testing.T) *tape {
	kinds, _ := l.kinds()
	return l.collect(t, kinds, estateRegions)
}

func (l *library) home(t *testing.T) *tape {
	_, kinds := l.kinds()
	return l.collect(t, kinds, estateRegions[:1])
}

func (l *library) collect(t *testing.T, kinds, regions []string) *tape {
	t.Helper()
	read := &tape{done: map[source.Part]bool{}}
	stats, err := aws.Collect(context.Background(), aws.Options{Regions: regions, NoOtherRegions: true, Configure: l.configure,
		Kinds: func(kind string) bool { return slices.Contains(kinds, kind) }}, read)
	if err != nil || len(stats.Faults) > 0 {
		t.Fatal(err, stats.Faults)
	}
	return read
}

// judge is what judges accounts, loaded once.
var judge = sync.OnceValues(func() (func([]source.Reading) (*assessment.Assessment, error), error) {
	c, err := whole()
	if err != nil {
		return nil, err
	}
	services, err := scope.LoadServices(builtin.Files)
	return func(readings []source.Reading) (*assessment.Assessment, error) {
		return assess.Assess(context.Background(), assess.Request{Catalog: c, Framework: c.Framework("hipaa-security-rule"),
			Config: &config.Config{}, Services: services, Inventory: mapping.Map(c.Kinds, readings), Now: today})
	}, err
})

// judged judges what was read of an account, as of the day of the estate.
func judged(t *testing.T, tapes ...*tape) *assessment.Assessment {
	t.Helper()
	live := tapes[0].live
	for _, read := range tapes[1:] {
		live.Kinds = slices.Concat(live.Kinds, read.live.Kinds)
	}
	gathered := &source.Gathered{}
	gathered.Begin(live)
	for _, read := range tapes {
		read.play(gathered, nil, func(string) bool { return true })
	}
	assess, err := judge()
	if err != nil {
		t.Fatal(err)
	}
	a, err := assess(gathered.Readings())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// label is how the address of a written resource says what should be said of it.
var label = regexp.MustCompile(`(right|wrong)(-[a-z]+)*`)

// labelOf returns what a finding's resource is called: by its address, or by its region where each region has one.
func (l *library) labelOf(f *assessment.Finding) string {
	if text := label.FindString(f.Resource.Address); text != "" {
		return text
	}
	for _, a := range l.answers {
		if slices.Contains(a.Regions, f.Kind) {
			return map[bool]string{true: "right", false: "wrong"}[f.Resource.Region == estateRegions[0]]
		}
	}
	return "only"
}

// TestDocumentedReplies proves collectors, kinds and checks on what no emulator shows: the replies are mocks of our own, written
// as the reference of AWS's API describes them, and the rest is real: the SDK reads them from the wire, the collectors page
// through them, and the checks say of each resource what they would of one in an account. -update writes what they say.
func TestDocumentedReplies(t *testing.T) {
	l := readLibrary(t)
	start := time.Now()
	everywhere, home := l.everywhere(t), l.home(t)
	a := judged(t, everywhere, home)
	for _, e := range slices.Concat(everywhere.events, home.events) {
		if e.block != nil && strings.Contains(fmt.Sprint(e.block.Body.Plain()), "planted-secret") {
			t.Errorf("%s: a secret is kept", e.block.Address)
		}
	}
	for _, request := range slices.Sorted(maps.Keys(l.missing)) {
		t.Errorf("no reply is written for %s", request)
	}
	said := map[string]map[string]map[string]string{}
	for i := range a.Findings {
		f := &a.Findings[i]
		if !l.answersFor(f.Kind) || strings.HasPrefix(f.Check, assess.AnyKind+".") {
			continue
		}
		if said[f.Kind] == nil {
			said[f.Kind] = map[string]map[string]string{}
		}
		name := strings.TrimPrefix(f.Check, f.Kind+".")
		if said[f.Kind][name] == nil {
			said[f.Kind][name] = map[string]string{}
		}
		label := l.labelOf(f)
		if before := said[f.Kind][name][label]; before != "" && before != string(f.Status) {
			t.Errorf("%s: two resources are called %s", f.Kind, label)
		}
		said[f.Kind][name][label] = string(f.Status)
		if strings.HasPrefix(label, "right") && f.Status == assessment.Fail {
			t.Errorf("%s fails for %s: %v", f.Check, f.Resource.Address, f.Evidence)
		}
		if f.Status == assessment.Unknown {
			t.Logf("%s is unknown for %s: %v", f.Check, f.Resource.Address, f.Unknown)
		}
	}
	kinds := 0
	for _, service := range slices.Sorted(maps.Keys(l.answers)) {
		want := l.answers[service]
		kinds += len(want.Answers)
		if *update {
			l.write(t, service, said)
			continue
		}
		for kind, checks := range want.Answers {
			compareAnswers(t, kind, checks, said[kind])
		}
	}
	t.Logf("%d kinds of %d services in %v", kinds, len(l.answers), time.Since(start).Round(time.Millisecond))
}

// TestDocumentedAccount proves the same of what there is one of in an account: the account as one region tells it is right,
// and as the other tells it all wrong.
func TestDocumentedAccount(t *testing.T) {
	for i, want := range []assessment.Status{assessment.Pass, assessment.Fail} {
		l := readLibrary(t)
		l.start = estateRegions[i]
		said := map[string]assessment.Status{}
		for _, f := range judged(t, l.collect(t, []string{"aws.account", "aws.iam.password_policy"}, []string{l.start})).Findings {
			said[f.Check] = f.Status
		}
		for _, check := range []string{"has-no-root-certificates", "has-no-root-keys", "keeps-root-out-of-daily-use",
			"protects-root-with-a-hardware-key", "protects-root-with-mfa", "sets-a-password-policy"} {
			if got := said["aws.account."+check]; got != want {
				t.Errorf("aws.account.%s says %q, want %q", check, got, want)
			}
		}
		for request := range l.missing {
			t.Errorf("no reply is written for %s", request)
		}
	}
}

func (l *library) answersFor(kind string) bool {
	for _, a := range l.answers {
		if _, ok := a.Answers[kind]; ok {
			return true
		}
	}
	return false
}

func compareAnswers(t *testing.T, kind string, want, said map[string]map[string]string) {
	t.Helper()
	wrong, fails := false, false
	for _, check := range slices.Sorted(maps.Keys(want)) {
		for label, status := range said[check] {
			wrong = wrong || strings.HasPrefix(label, "wrong")
			fails = fails || strings.HasPrefix(label, "wrong") && status == string(assessment.Fail)
		}
		if !maps.Equal(want[check], said[check]) {
			t.Errorf("%s.%s says %v, want %v", kind, check, said[check], want[check])
		}
	}
	for check := range said {
		if want[check] == nil {
			t.Errorf("%s.%s says %v, which is not in answers.yaml", kind, check, said[check])
		}
	}
	if wrong && !fails {
		t.Errorf("%s: nothing is found wrong with what is wrong", kind)
	}
}

// write puts what the checks say into a service's answers.
func (l *library) write(t *testing.T, service string, said map[string]map[string]map[string]string) {
	t.Helper()
	a := l.answers[service]
	var b strings.Builder
	for _, list := range []struct {
		name  string
		kinds []string
	}{{"regions", a.Regions}, {"context", a.Context}} {
		if len(list.kinds) > 0 {
			fmt.Fprintf(&b, "%s: [%s]\n", list.name, strings.Join(list.kinds, ", "))
		}
	}
	b.WriteString("answers:\n")
	for _, kind := range slices.Sorted(maps.Keys(a.Answers)) {
		fmt.Fprintf(&b, "  %s:%s\n", kind, map[bool]string{true: " {}"}[len(said[kind]) == 0])
		for _, check := range slices.Sorted(maps.Keys(said[kind])) {
			var each []string
			for _, label := range slices.SortedFunc(maps.Keys(said[kind][check]), cmp.Compare[string]) {
				each = append(each, label+": "+said[kind][check][label])
			}
			fmt.Fprintf(&b, "    %s: {%s}\n", check, strings.Join(each, ", "))
		}
	}
	if err := os.WriteFile(filepath.Join(root, documentedReplies, service, "answers.yaml"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
