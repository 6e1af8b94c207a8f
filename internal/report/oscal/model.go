package oscal

// The objects of OSCAL 1.2.1 that are written, by the names that the standard gives them. Lists that the standard wants
// to hold something are left out where they are empty.

type metadata struct {
	Title        string     `json:"title"`
	LastModified string     `json:"last-modified"`
	Version      string     `json:"version"`
	OSCALVersion string     `json:"oscal-version"`
	Props        []property `json:"props,omitempty"`
	Roles        []role     `json:"roles,omitempty"`
	Parties      []party    `json:"parties,omitempty"`
	Remarks      string     `json:"remarks,omitempty"`
}

type property struct {
	Name    string `json:"name"`
	NS      string `json:"ns,omitempty"`
	Value   string `json:"value"`
	Remarks string `json:"remarks,omitempty"`
}

type role struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type party struct {
	UUID    string `json:"uuid"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Remarks string `json:"remarks,omitempty"`
}

type responsibleRole struct {
	RoleID     string   `json:"role-id"`
	PartyUUIDs []string `json:"party-uuids,omitempty"`
	Remarks    string   `json:"remarks,omitempty"`
}

type reference struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks,omitempty"`
}

type backMatter struct {
	Resources []resource `json:"resources"`
}

type resource struct {
	UUID        string     `json:"uuid"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
	Remarks     string     `json:"remarks,omitempty"`
}

type component struct {
	UUID        string     `json:"uuid"`
	Type        string     `json:"type"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
	Status      state      `json:"status"`
	Remarks     string     `json:"remarks,omitempty"`
}

type state struct {
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

type inventoryItem struct {
	UUID        string     `json:"uuid"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
}

type assessmentAssets struct {
	Components []component `json:"components"`
	Platforms  []platform  `json:"assessment-platforms"`
}

type platform struct {
	UUID  string          `json:"uuid"`
	Title string          `json:"title"`
	Uses  []usesComponent `json:"uses-components"`
}

type usesComponent struct {
	Component string `json:"component-uuid"`
}

type localDefinitions struct {
	InventoryItems []inventoryItem  `json:"inventory-items,omitempty"`
	Assets         assessmentAssets `json:"assessment-assets"`
}

type origin struct {
	Actors []actor `json:"actors"`
}

type actor struct {
	Type string `json:"type"`
	UUID string `json:"actor-uuid"`
}

type observation struct {
	UUID        string     `json:"uuid"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
	Methods     []string   `json:"methods"`
	Types       []string   `json:"types"`
	Origins     []origin   `json:"origins"`
	Subjects    []subject  `json:"subjects,omitempty"`
	Evidence    []evidence `json:"relevant-evidence,omitempty"`
	Collected   string     `json:"collected"`
	Remarks     string     `json:"remarks,omitempty"`
}

type subject struct {
	UUID  string `json:"subject-uuid"`
	Type  string `json:"type"`
	Title string `json:"title"`
}

type evidence struct {
	Description string `json:"description"`
}

type risk struct {
	UUID             string             `json:"uuid"`
	Title            string             `json:"title"`
	Description      string             `json:"description"`
	Statement        string             `json:"statement"`
	Props            []property         `json:"props,omitempty"`
	Status           string             `json:"status"`
	Origins          []origin           `json:"origins"`
	Characterization []characterization `json:"characterizations"`
	Remediations     []response         `json:"remediations,omitempty"`
	Observations     []observationRef   `json:"related-observations,omitempty"`
}

type characterization struct {
	Origin origin  `json:"origin"`
	Facets []facet `json:"facets"`
}

type facet struct {
	Name   string `json:"name"`
	System string `json:"system"`
	Value  string `json:"value"`
}

type response struct {
	UUID        string `json:"uuid"`
	Lifecycle   string `json:"lifecycle"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type observationRef struct {
	UUID string `json:"observation-uuid"`
}

type riskRef struct {
	UUID string `json:"risk-uuid"`
}

type finding struct {
	UUID         string           `json:"uuid"`
	Title        string           `json:"title"`
	Description  string           `json:"description"`
	Props        []property       `json:"props,omitempty"`
	Origins      []origin         `json:"origins"`
	Target       target           `json:"target"`
	Observations []observationRef `json:"related-observations,omitempty"`
	Risks        []riskRef        `json:"related-risks,omitempty"`
	Remarks      string           `json:"remarks,omitempty"`
}

type target struct {
	Type   string `json:"type"`
	ID     string `json:"target-id"`
	Title  string `json:"title"`
	Status state  `json:"status"`
}

type controlSelection struct {
	IncludeAll      *struct{}     `json:"include-all,omitempty"`
	IncludeControls []selectionID `json:"include-controls,omitempty"`
	ExcludeControls []selectionID `json:"exclude-controls,omitempty"`
	Remarks         string        `json:"remarks,omitempty"`
}

type selectionID struct {
	Control string `json:"control-id"`
}

type reviewedControls struct {
	Description string             `json:"description"`
	Selections  []controlSelection `json:"control-selections"`
}
