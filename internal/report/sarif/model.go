package sarif

// The objects of SARIF 2.1.0 that are written, by the names that the standard gives them.

type log struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []run  `json:"runs"`
}

type run struct {
	Tool              tool         `json:"tool"`
	AutomationDetails *automation  `json:"automationDetails,omitempty"`
	Invocations       []invocation `json:"invocations"`
	ColumnKind        string       `json:"columnKind"`
	Results           []result     `json:"results"`
	Properties        bag          `json:"properties,omitempty"`
}

type bag map[string]any

type tool struct {
	Driver driver `json:"driver"`
}

type driver struct {
	Name       string `json:"name"`
	Version    string `json:"version,omitempty"`
	Rules      []rule `json:"rules"`
	Properties bag    `json:"properties,omitempty"`
}

type automation struct {
	ID string `json:"id"`
}

type rule struct {
	ID               string    `json:"id"`
	ShortDescription *message  `json:"shortDescription,omitempty"`
	FullDescription  *message  `json:"fullDescription,omitempty"`
	Help             *message  `json:"help,omitempty"`
	Default          ruleLevel `json:"defaultConfiguration"`
	Properties       bag       `json:"properties"`
}

type ruleLevel struct {
	Level string `json:"level"`
}

type message struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type invocation struct {
	Successful    bool           `json:"executionSuccessful"`
	EndTimeUTC    string         `json:"endTimeUtc,omitempty"`
	Notifications []notification `json:"toolExecutionNotifications,omitempty"`
}

type notification struct {
	Level     string     `json:"level"`
	Message   message    `json:"message"`
	Locations []location `json:"locations,omitempty"`
}

type result struct {
	RuleID        string            `json:"ruleId"`
	RuleIndex     int               `json:"ruleIndex"`
	Kind          string            `json:"kind"`
	Level         string            `json:"level"`
	Message       message           `json:"message"`
	Locations     []location        `json:"locations"`
	Fingerprints  map[string]string `json:"partialFingerprints,omitempty"`
	Suppressions  []suppression     `json:"suppressions,omitempty"`
	BaselineState string            `json:"baselineState,omitempty"`
	Properties    bag               `json:"properties,omitempty"`
}

type suppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification,omitempty"`
}

type location struct {
	Physical physical  `json:"physicalLocation"`
	Logical  []logical `json:"logicalLocations,omitempty"`
	Message  *message  `json:"message,omitempty"`
}

type physical struct {
	Artifact artifact `json:"artifactLocation"`
	Region   *region  `json:"region,omitempty"`
}

type artifact struct {
	URI string `json:"uri"`
}

type region struct {
	StartLine int `json:"startLine"`
}

type logical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}
