// Package federation lets people sign in with the identity that their organization already gave them: by OpenID Connect and by SAML 2.0.
//
// It must not know accounts and sessions: it says who came, and another package begins a session or refuses. What a provider says is
// verified here and nowhere else.
package federation

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"ward.dev/ward/internal/access"
)

// Settings are those of the server's settings file: the providers of identities.
type Settings struct {
	OIDC []OIDC `yaml:"oidc"`
	SAML []SAML `yaml:"saml"`
}

// Common is what all providers have.
type Common struct {
	// Name is in the addresses of the provider: letters, digits and hyphens. It MUST NOT change.
	Name string `yaml:"name"`
	// Title is on the button of the sign-in; "" is Name.
	Title string `yaml:"title"`
	// Groups are the roles that groups of the provider give. Who is in none of them is refused.
	Groups map[string][]access.Role `yaml:"groups"`
	// RequireMFA refuses those of whom the provider does not say that they used a second factor; unset is true.
	RequireMFA *bool `yaml:"require_mfa"`
}

func (c *Common) mfa() bool { return c.RequireMFA == nil || *c.RequireMFA }

func (c *Common) title() string {
	if c.Title == "" {
		return c.Name
	}
	return c.Title
}

// OIDC is a provider of OpenID Connect.
type OIDC struct {
	Common `yaml:",inline"`
	// Issuer is its URL, exactly as it writes it.
	Issuer           string `yaml:"issuer"`
	ClientID         string `yaml:"client_id"`
	ClientSecretFile string `yaml:"client_secret_file"`
	// Scopes are asked for beside openid; none is profile and email.
	Scopes []string `yaml:"scopes"`
	// GroupsClaim holds the groups; "" is "groups".
	GroupsClaim string `yaml:"groups_claim"`
	// Algorithms that its tokens may be signed with; none is RS256, PS256, ES256 and EdDSA and their longer kin.
	Algorithms []string `yaml:"algorithms"`
	// ACR and AMR are the values of those claims that tell of a second factor; both empty is AMR "mfa" (RFC 8176). ACR is also asked for.
	ACR []string `yaml:"acr"`
	AMR []string `yaml:"amr"`
	// UserInfo has claims that the token lacks read from the provider.
	UserInfo bool `yaml:"user_info"`
	// TrustEmail takes addresses that the provider does not say it verified, for those that never say so.
	TrustEmail bool `yaml:"trust_email"`
}

// SAML is an identity provider of SAML 2.0.
type SAML struct {
	Common `yaml:",inline"`
	// MetadataFile holds its metadata: entity id, address and certificates.
	MetadataFile string `yaml:"metadata_file"`
	// EntityID is what Ward is called there; "" is the address of its own metadata.
	EntityID string `yaml:"entity_id"`
	// KeyFile and CertificateFile sign requests, in PEM; none are needed by most providers.
	KeyFile         string `yaml:"key_file"`
	CertificateFile string `yaml:"certificate_file"`
	// SubjectAttribute is what names a person for good; "" is a persistent NameID.
	SubjectAttribute string `yaml:"subject_attribute"`
	EmailAttribute   string `yaml:"email_attribute"`  // "" is "email"
	NameAttribute    string `yaml:"name_attribute"`   // "" is "name"
	GroupsAttribute  string `yaml:"groups_attribute"` // "" is "groups"
	// Contexts are the classes of authentication context that tell of a second factor; none are those of REFEDS and Microsoft.
	Contexts []string `yaml:"contexts"`
}

var (
	defaultScopes     = []string{"profile", "email"}
	defaultAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	defaultContexts   = []string{"https://refeds.org/profile/mfa", "http://schemas.microsoft.com/claims/multipleauthn"}
)

func (s *OIDC) complete() {
	if len(s.Scopes) == 0 {
		s.Scopes = defaultScopes
	}
	if len(s.Algorithms) == 0 {
		s.Algorithms = defaultAlgorithms
	}
	if s.GroupsClaim == "" {
		s.GroupsClaim = "groups"
	}
	if len(s.ACR) == 0 && len(s.AMR) == 0 {
		s.AMR = []string{"mfa"}
	}
}

func (s *SAML) complete() {
	for to, name := range map[*string]string{&s.EmailAttribute: "email", &s.NameAttribute: "name", &s.GroupsAttribute: "groups"} {
		if *to == "" {
			*to = name
		}
	}
	if len(s.Contexts) == 0 {
		s.Contexts = defaultContexts
	}
}

var slug = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// check tells what is wrong with the settings.
func (s *Settings) check() error {
	var names []string
	each := func(kind string, c *Common) error {
		switch {
		case !slug.MatchString(c.Name):
			return fmt.Errorf("%s: the name %q is not made of small letters, digits and hyphens", kind, c.Name)
		case slices.Contains(names, c.Name):
			return fmt.Errorf("%s %s: there are two providers of this name", kind, c.Name)
		case len(c.Groups) == 0:
			return fmt.Errorf("%s %s: no group gives a role, so that nobody could sign in", kind, c.Name)
		}
		names = append(names, c.Name)
		for group, roles := range c.Groups {
			for _, r := range roles {
				if access.Roles[r] == nil {
					return fmt.Errorf("%s %s: the group %q gives a role %q, which there is not", kind, c.Name, group, r)
				}
			}
		}
		return nil
	}
	for i := range s.OIDC {
		o := &s.OIDC[i]
		if err := each("oidc", &o.Common); err != nil {
			return err
		}
		if err := o.check(); err != nil {
			return fmt.Errorf("oidc %s: %w", o.Name, err)
		}
	}
	for i := range s.SAML {
		if err := each("saml", &s.SAML[i].Common); err != nil {
			return err
		}
		if s.SAML[i].MetadataFile == "" {
			return fmt.Errorf("saml %s: metadata_file is missing", s.SAML[i].Name)
		}
	}
	return nil
}

func (s *OIDC) check() error {
	u, err := url.Parse(s.Issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("issuer is not a URL with https://")
	}
	if s.ClientID == "" {
		return errors.New("client_id is missing")
	}
	for _, a := range s.Algorithms {
		if !slices.Contains(defaultAlgorithms, a) {
			return fmt.Errorf("the algorithm %q is not one of %v", a, defaultAlgorithms)
		}
	}
	return nil
}
