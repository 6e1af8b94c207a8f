package governance

// The registers that other parts of Ward use.
const (
	Attestation    = "attestation"
	Exception      = "exception"
	Alternative    = "alternative"
	Risk           = "risk"
	Flow           = "phi-flow"
	Responsibility = "responsibility"
	Policy         = "policy"
	Vendor         = "vendor"
	Agreement      = "agreement"
	Incident       = "incident"
	Drill          = "drill"
	Change         = "change"
)
