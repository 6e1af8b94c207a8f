package bench

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// account is a stub of AWS that answers at once: so many buckets, snapshots, security groups and roles; of everything else
// the caller may see nothing.
type account struct {
	buckets, snapshots, groups, roles int

	mu    sync.Mutex
	calls map[string]int
}

var signedFor = regexp.MustCompile(`/([^/]+)/aws4_request`)

// perPage is how many items a page of the stub holds.
const perPage = 1000

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amzn-Requestid", "1")
	w.Header().Set("X-Amz-Request-Id", "1")
	service := ""
	if m := signedFor.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		service = m[1]
	}
	r.ParseForm()
	action := r.Form.Get("Action")
	if service == "s3" {
		action = "GET " + r.URL.RawQuery
		switch {
		case r.URL.Path == "/":
			action = "ListBuckets"
		case strings.HasPrefix(r.URL.Path, "/v20180820/"):
			action = "control"
		}
	}
	a.mu.Lock()
	a.calls[service+":"+action]++
	a.mu.Unlock()
	from, _ := strconv.Atoi(r.Form.Get("NextToken") + r.Form.Get("Marker"))
	switch service + ":" + action {
	case "sts:GetCallerIdentity":
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111111111111:user/u</Arn><Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case "s3:ListBuckets":
		fmt.Fprint(w, "<ListAllMyBucketsResult><Buckets>")
		for i := range a.buckets {
			fmt.Fprintf(w, "<Bucket><Name>bucket-%d</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate><BucketRegion>eu-west-1</BucketRegion></Bucket>", i)
		}
		fmt.Fprint(w, "</Buckets></ListAllMyBucketsResult>")
	case "ec2:DescribeSnapshots":
		if r.Form.Get("RestorableBy.1") != "" {
			fmt.Fprint(w, "<DescribeSnapshotsResponse><snapshotSet/></DescribeSnapshotsResponse>")
			return
		}
		a.page(w, "DescribeSnapshotsResponse", "snapshotSet", from, a.snapshots, snapshot)
	case "ec2:DescribeSecurityGroups":
		if r.Form.Get("Filter.1.Name") != "" {
			fmt.Fprint(w, "<DescribeSecurityGroupsResponse><securityGroupInfo/></DescribeSecurityGroupsResponse>")
			return
		}
		a.page(w, "DescribeSecurityGroupsResponse", "securityGroupInfo", from, a.groups, group)
	case "ec2:DescribeSnapshotAttribute":
		fmt.Fprint(w, "<DescribeSnapshotAttributeResponse><createVolumePermission/></DescribeSnapshotAttributeResponse>")
	case "iam:GetAccountAuthorizationDetails":
		a.details(w, r, from)
	default:
		a.other(w, r, service)
	}
}

func snapshot(w *bytes.Buffer, i int) {
	fmt.Fprintf(w, "<item><snapshotId>snap-%[1]d</snapshotId><volumeId>vol-%[1]d</volumeId><status>completed</status><encrypted>%[2]t</encrypted>"+
		"<startTime>2026-01-01T00:00:00.000Z</startTime><ownerId>111111111111</ownerId><volumeSize>8</volumeSize><description>nightly</description>"+
		"<tagSet><item><key>Name</key><value>s%[1]d</value></item></tagSet></item>", i, i%2 == 0)
}

func group(w *bytes.Buffer, i int) {
	fmt.Fprintf(w, "<item><groupId>sg-%[1]d</groupId><groupName>g%[1]d</groupName><vpcId>vpc-1</vpcId><ownerId>111111111111</ownerId><ipPermissions>"+
		"<item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges></item>"+
		"<item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>"+
		"</ipPermissions></item>", i)
}

func (a *account) page(w http.ResponseWriter, root, list string, from, total int, item func(*bytes.Buffer, int)) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<%s><%s>", root, list)
	to := min(from+perPage, total)
	for i := from; i < to; i++ {
		item(&b, i)
	}
	fmt.Fprintf(&b, "</%s>", list)
	if to < total {
		fmt.Fprintf(&b, "<nextToken>%d</nextToken>", to)
	}
	fmt.Fprintf(&b, "</%s>", root)
	w.Write(b.Bytes())
}

const trust = `%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ec2.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D`

func (a *account) details(w http.ResponseWriter, r *http.Request, from int) {
	var b bytes.Buffer
	b.WriteString("<GetAccountAuthorizationDetailsResponse><GetAccountAuthorizationDetailsResult><RoleDetailList>")
	to := min(from+perPage, a.roles)
	if r.Form.Get("Filter.member.1") != "Role" {
		from, to = a.roles, a.roles
	}
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "<member><Path>/</Path><RoleName>role-%[1]d</RoleName><RoleId>AROA%[1]d</RoleId><Arn>arn:aws:iam::111111111111:role/role-%[1]d</Arn>"+
			"<CreateDate>2026-01-01T00:00:00Z</CreateDate><AssumeRolePolicyDocument>%[2]s</AssumeRolePolicyDocument><RolePolicyList><member><PolicyName>p</PolicyName>"+
			"<PolicyDocument>%[2]s</PolicyDocument></member></RolePolicyList></member>", i, trust)
	}
	fmt.Fprintf(&b, "</RoleDetailList><IsTruncated>%t</IsTruncated>", to < a.roles)
	if to < a.roles {
		fmt.Fprintf(&b, "<Marker>%d</Marker>", to)
	}
	b.WriteString("</GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>")
	w.Write(b.Bytes())
}

// other answers about a bucket that nothing is set, and about everything else that the caller may not know.
func (a *account) other(w http.ResponseWriter, r *http.Request, service string) {
	const granted = `<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>o</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`
	replies := map[string]string{"versioning": "<VersioningConfiguration/>", "acl": granted, "logging": "<BucketLoggingStatus/>",
		"notification": "<NotificationConfiguration/>"}
	missing := map[string]string{"encryption": "ServerSideEncryptionConfigurationNotFoundError", "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
		"ownershipControls": "OwnershipControlsNotFoundError", "policy": "NoSuchBucketPolicy", "replication": "ReplicationConfigurationNotFoundError",
		"object-lock": "ObjectLockConfigurationNotFoundError", "lifecycle": "NoSuchLifecycleConfiguration", "website": "NoSuchWebsiteConfiguration",
		"tagging": "NoSuchTagSet"}
	ask, _, _ := strings.Cut(r.URL.RawQuery, "&")
	ask = strings.TrimSuffix(ask, "=")
	status, code := http.StatusNotFound, missing[ask]
	switch {
	case service == "s3" && replies[ask] != "":
		fmt.Fprint(w, replies[ask])
		return
	case code == "":
		status, code = http.StatusForbidden, "AccessDenied"
	}
	w.Header().Set("X-Amzn-Errortype", code)
	switch {
	case service == "s3":
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
	case service == "ec2":
		w.WriteHeader(status)
		fmt.Fprint(w, "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>")
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		w.WriteHeader(status)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code></Error></ErrorResponse>", code)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q}`, code)
	}
}

// assessed is what an assessment of a stub cost.
type assessed struct {
	took  time.Duration
	cpu   time.Duration
	peak  float64 // MiB that were resident at most
	own   float64 // MiB of them that are not of the program's file
	calls map[string]int
	size  int64 // of the report
}

// assessLive runs the program itself on a stub.
func assessLive(tb testing.TB, a *account) assessed {
	tb.Helper()
	program := build(tb)
	a.calls = map[string]int{}
	server := httptest.NewServer(a)
	defer server.Close()
	report := filepath.Join(tb.TempDir(), "ward.json")
	command := exec.Command(program, "assess", "aws", "--services", "s3,ebs,ec2,iam", "--regions", "eu-west-1", "--quiet", "-o", "json="+report)
	command.Env = []string{"AWS_ENDPOINT_URL=" + server.URL, "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=s", "AWS_EC2_METADATA_DISABLED=true",
		"HOME=" + tb.TempDir(), "GOMEMLIMIT=" + os.Getenv("GOMEMLIMIT"), "GOGC=" + os.Getenv("GOGC")}
	var faults bytes.Buffer
	command.Stderr = &faults
	start := time.Now()
	own, err := held(command)
	took := time.Since(start)
	if code := command.ProcessState.ExitCode(); code != 3 {
		tb.Fatalf("exit code %d, %v: %s", code, err, &faults)
	}
	info, err := os.Stat(report)
	if err != nil {
		tb.Fatal(err)
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	return assessed{took: took, cpu: command.ProcessState.UserTime() + command.ProcessState.SystemTime(), peak: float64(usage.Maxrss) / 1024, own: own,
		calls: a.calls, size: info.Size()}
}

// BenchmarkAccount assesses a live account of 37,000 resources; promised: under 60 s on 2 cores, in a
// container of 512 MiB.
func BenchmarkAccount(b *testing.B) {
	for range b.N {
		cost := assessLive(b, &account{buckets: 10_000, snapshots: 20_000, groups: 5_000, roles: 2_000})
		b.ReportMetric(cost.took.Seconds(), "s/op")
		b.ReportMetric(cost.cpu.Seconds(), "cpu-s/op")
		b.ReportMetric(cost.peak, "peak-MiB")
		b.ReportMetric(cost.own, "own-MiB")
		b.ReportMetric(float64(cost.size)/(1<<20), "report-MiB")
	}
}

// TestCalls proves that what can be listed is listed: the number of calls does not grow with the number of snapshots, groups
// and roles but by their pages. Only a call for each tells with whom a snapshot is shared, and 13 what a bucket is like.
func TestCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("links the program and reads a large account; make test runs it")
	}
	few := assessLive(t, &account{buckets: 2, snapshots: 2, groups: 2, roles: 2}).calls
	many := assessLive(t, &account{buckets: 4, snapshots: 2000, groups: 2000, roles: 2000}).calls
	for name, n := range many {
		most := few[name]
		switch {
		case strings.HasPrefix(name, "s3:GET"):
			most *= 2
		case name == "ec2:DescribeSnapshotAttribute":
			most = 2000
		case name == "ec2:DescribeSnapshots", name == "ec2:DescribeSecurityGroups", name == "iam:GetAccountAuthorizationDetails":
			most *= 2 // pages
		}
		if n > most {
			t.Errorf("%s was asked %d times of few resources and %d times of many", name, few[name], n)
		}
	}
	perBucket := 0
	for name, n := range few {
		if strings.HasPrefix(name, "s3:GET") {
			perBucket += n
		}
	}
	if perBucket > 2*13 {
		t.Errorf("%d calls for two buckets", perBucket)
	}
}
