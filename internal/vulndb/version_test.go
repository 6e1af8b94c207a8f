package vulndb

import "testing"

// TestOrder proves that versions are ordered as their ecosystems order them. Each line is in ascending order; "=" joins equals. The orders
// were compared with dpkg 1.22, rpm 4, apk's rules, Python's packaging 26, node-semver and Maven's ComparableVersion.
func TestOrder(t *testing.T) {
	for name, c := range map[string]struct {
		scheme *scheme
		ascend []string
		equal  [][2]string
	}{
		"dpkg": {dpkg, []string{"1.0~~", "1.0~rc1~git-1", "1.0~rc1-1", "1.0-1~deb12u1", "1.0-1", "1.0-1+b1", "1.0-1+deb12u1", "1.0-1+deb12u2",
			"1.0-1+deb12u10", "1.0-1.1", "1.0-1.10", "1.0-2", "1.0a-1", "1.0+dfsg-1", "1.0.0-1", "20211016", "1:0.9-1", "2:0.1"},
			[][2]string{{"1.0", "1.0-0"}, {"0:1.0-1", "1.0-1"}, {"01.0-1", "1.0-1"}}},
		"apk": {apk, []string{"1.0_alpha-r0", "1.0_alpha_p1-r0", "1.0_beta-r0", "1.0_rc1-r0", "1.0_rc2-r0", "1.0-r0", "1.0-r1", "1.0-r10", "1.0_git20200101-r0",
			"1.0_p1-r0", "1.0_p2-r0", "1.0a-r0", "1.0b-r0", "1.0.0-r0", "1.0.1-r0", "1.9-r0", "1.10-r0"}, [][2]string{{"1.0-r0", "1.0"}}},
		"rpm": {rpm, []string{"1.0~rc1-1", "1.0~rc1^g-1", "1.0-1", "1.0-1.el8", "1.0-1.el9", "1.0-1.el9_2", "1.0-1.el9_2.1", "1.0-9.el9", "1.0-10.el9",
			"1.0^git1-1", "1.0a-1", "1.0.1-1", "1.1.1k-6.el8_5", "1.1.1k-12.el8_9", "2.0.0-1.el9", "1:0.5-1"}, [][2]string{{"0:1.0-1", "1.0-1"}, {"1.05-1", "1.5-1"}}},
		"npm": {semantic2, []string{"0.0.0", "1.0.0-0", "1.0.0-1", "1.0.0--1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-rc", "1.0.0-rc.1", "1.0.0-rc.2",
			"1.0.0-rc.10", "1.0.0", "1.0.1", "1.9.0", "1.10.0", "2.0.0-beta.2", "2.0.0-beta.11"}, [][2]string{{"1.0.0+a", "1.0.0"}, {"v1.0.0", "1.0.0"}, {"2024.06.01", "2024.6.1"}}},
		"go": {golang, []string{"v0.0.0-20190101000000-abcdefabcdef", "v0.0.0-20200101000000-000000000000", "1.17.12", "1.18.0-0", "go1.18beta1", "go1.18rc1", "go1.18",
			"go1.18.4", "v2.0.1-0.20210101000000-abcdefabcdef", "v2.0.1+incompatible"}, [][2]string{{"go1.20", "1.20.0"}, {"v1.2.3", "1.2.3"}}},
		"pypi": {pep440, []string{"1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0a1.post1", "1.0b2", "1.0rc1", "1.0", "1.0+abc.5", "1.0+local", "1.0+local.1", "1.0+1", "1.0.post1.dev3",
			"1.0.post1", "1.0.post2", "1.0.1", "1.9", "1.10", "2.0", "1!0.5"}, [][2]string{{"1.0", "1.0.0"}, {"1.0c1", "1.0RC1"}, {"1.0-1", "1.0.post1"}, {"v1.0", "1.0"}}},
		"maven": {maven, []string{"1.0-alpha-1", "1.0-beta", "1.0b2", "1.0-M1", "1.0-m2", "1.0-rc1", "1.0-CR2", "1.0-SNAPSHOT", "1.0", "1.0-sp1", "1.0-android", "1.0-jre",
			"1.0-1", "1.0.1", "4.1.99.Final", "4.1.100.Final"}, [][2]string{{"1", "1.0.0"}, {"1.0.Final", "1.0-ga"}, {"1.0.RELEASE", "1.0"}, {"1.0-a1", "1.0-alpha-1"},
			{"1.0.0.Beta1", "1.0-beta-1"}}},
		"rubygems":  {rubygems, []string{"1.0.0.a", "1.0.0.beta2", "1.0.0-rc1", "1.0.0.rc2", "1.0.0", "1.0.0.1", "1.0.10"}, [][2]string{{"1.0", "1.0.0"}}},
		"nuget":     {nuget, []string{"1.0.0-alpha", "1.0.0-BETA", "1.0.0-rc.1", "1.0.0", "1.0.0.1", "1.0.1"}, [][2]string{{"1.0", "1.0.0.0"}, {"1.0.0-RC", "1.0.0-rc"}}},
		"packagist": {packagist, []string{"1.0.0-dev", "1.0.0-alpha1", "1.0.0-beta2", "1.0.0-RC1", "v1.0.0", "1.0.0-p1", "1.0.1"}, [][2]string{{"1.0", "v1.0.0"}, {"1.0-stable", "1.0.0"}}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, a := range c.ascend {
				for j, b := range c.ascend {
					order(t, c.scheme, a, b, sign(i-j))
				}
			}
			for _, pair := range c.equal {
				order(t, c.scheme, pair[0], pair[1], 0)
			}
		})
	}
}

func sign(n int) int { return max(-1, min(1, n)) }

func order(t *testing.T, s *scheme, a, b string, want int) {
	t.Helper()
	v, err := s.read(a)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.compare(b); err != nil || got != want {
		t.Errorf("%q against %q: %d %v, want %d", a, b, got, err, want)
	}
}

// TestNoVersion proves that what is not a version of an ecosystem is not compared.
func TestNoVersion(t *testing.T) {
	for _, c := range []struct {
		scheme *scheme
		text   string
	}{
		{dpkg, ""}, {dpkg, "latest!"}, {dpkg, "x:1.0"}, {dpkg, "1.0-"}, {dpkg, "1 0"}, {dpkg, "<none>"},
		{apk, "latest"}, {apk, "1.0-1"}, {apk, "1.0_foo-r0"}, {rpm, "x:1-1"}, {rpm, "1-"}, {rpm, "(none)"},
		{semantic2, "latest"}, {semantic2, "1.2.3.4"}, {semantic2, "^1.0.0"}, {semantic2, "git+https://host/x"},
		{golang, "(devel)"}, {golang, "devel go1.21-abcdef"}, {golang, "go1.20.1 X:boringcrypto"},
		{pep440, "2004d"}, {pep440, "1.0.*"}, {maven, "${revision}"}, {maven, "[1.0,2.0)"}, {rubygems, "master"},
		{nuget, "1.2.3.4.5"}, {packagist, "dev-master"}, {packagist, "1.0.x-dev#abc"}, {nil, "1.0"},
	} {
		if _, err := c.scheme.read(c.text); err == nil {
			t.Errorf("%q was taken for a version", c.text)
		}
	}
}
