// Package decode holds the named decoders that kind files use as `via: NAME`. A decoder understands one format (an IAM
// policy, a schedule expression, the rules of a security group) and turns the raw value of a source into what a kind's
// attribute holds.
//
// It must not know of kinds, checks, sources or files: it reads value.Value and makes value.Value. What a decoder cannot
// tell is unknown with a reason, never a guess: hiding a part of the input never turns one definite answer into another.
//
// To add a decoder, write one file and add one line to the table.
package decode

import (
	"slices"

	"ward.dev/ward/internal/value"
)

// Decoder turns a raw value of a source into what a kind's attribute holds. It keeps the raw value's origin. An absent
// value stays absent and an unknown one stays unknown, with its reasons and references.
type Decoder func(value.Value) value.Value

// Field describes a member of the objects that a decoder makes.
type Field struct {
	// Name is the member's key.
	Name string
	// Type is "string", "bool", "int", "list string" or "list object".
	Type string
	// Doc is one sentence for the reader of the catalog.
	Doc string
	// Fields are the members of each object of a "list object".
	Fields []Field
}

type entry struct {
	decode Decoder
	makes  string
	doc    string
	items  func() []Field
}

// table is the one list of decoders.
var table = map[string]entry{
	"arn.aws":           {partitionless, "string", "ARNs of AWS's own policies, with the partition aws where code leaves it open.", nil},
	"bool":              {toBool, "bool", "true and false, also as the texts true, false, 1, 0.", nil},
	"command.readable":  {commandReadable, "list string", "The arguments of a command; of one that holds a secret it is not known what else it says.", nil},
	"command.options":   {commandOptions, "object", "The options of a command by name, without their dashes; true where one has no value.", nil},
	"csv":               {csv, "list string", "A text of items with commas between them.", nil},
	"datasync.store":    {transferStore, "string", "The bucket or file system that the URI of a DataSync location leads to.", nil},
	"days":              {days, "int", "Days of an object with days or years.", nil},
	"duration.minutes":  {durationMinutes, "int", "The minutes of an ISO 8601 duration such as PT8H.", nil},
	"ec2.rules":         {ec2Rules, "list object", "Rules of a security group.", ec2Fields},
	"ecs.containers":    {containers, "list object", "Container definitions of a task.", containerFields},
	"events.watches":    {eventWatches, "list string", "What an EventBridge pattern watches, such as guardduty-findings.", nil},
	"events.words":      {eventWords, "list string", "The texts that an EventBridge pattern looks for.", nil},
	"iam.escalations":   {escalationsTogether, "list string", "Ways to more rights that the policies of one identity open together.", nil},
	"iam.grants":        {grants, "list object", "Permissions given one by one, judged as statements of a policy.", statementFields},
	"iam.path.provided": {providedPath, "bool", "Whether AWS keeps a path in IAM for what it makes itself.", nil},
	"iam.policy":        {policy, "list object", "Statements of an IAM or resource policy, each one judged.", statementFields},
	"image.digest":      {imagePart(func(r imageReference) string { return r.digest }), "string", "The digest in the name of a container image.", nil},
	"image.name": {imagePart(imageReference.name), "string",
		"What names a container image for all who run it: the digest, or the registry, the repository and the tag.", nil},
	"image.registry": {imagePart(func(r imageReference) string { return r.registry }), "string",
		"The registry in the name of a container image; docker.io where it says none.", nil},
	"image.repository": {imagePart(func(r imageReference) string { return r.repository }), "string",
		"The repository in the name of a container image.", nil},
	"image.tag": {imagePart(func(r imageReference) string { return r.tag }), "string",
		"The tag in the name of a container image; latest where it says neither tag nor digest.", nil},
	"int":               {toInt, "int", "A whole number, also as a text.", nil},
	"json":              {jsonTree, "object", "The tree of a JSON text.", nil},
	"logs.watches":      {logWatches, "list string", "What a log filter watches in CloudTrail's records, such as root-usage.", nil},
	"logs.words":        {logWords, "list string", "The texts that a log filter looks for.", nil},
	"json.text":         {jsonText, "string", "A JSON text in one form: without blanks, members in order.", nil},
	"lower":             {lower, "string", "A text in lower case.", nil},
	"nacl.rules":        {naclRules, "list object", "Entries of a network ACL.", naclFields},
	"mutation.weakens":  {mutationWeakens, "bool", "Whether a mutation of an admission policy takes a protection away.", nil},
	"object.name":       {podNamed, "string", "The name of an object, with the namespace that stands beside it.", nil},
	"object.tags":       {objectTags, "object", "The labels and the annotations of an object of Kubernetes.", nil},
	"parameters":        {parameters, "object", "Settings of a database parameter group by name, in lower case.", nil},
	"path.within":       {pathWithin, "string", "The path of a directory without detours, with a slash at its end.", nil},
	"pod.containers":    {podContainers, "list", "The containers of a pod as they are written, with their role: main, init, sidecar, ephemeral.", nil},
	"pod.secrets":       {podSecrets, "list string", "The Secrets that a pod hands to its containers, as files or as variables.", nil},
	"quantity.bytes":    {quantityBytes, "int", "The bytes of a quantity of Kubernetes such as 64Mi.", nil},
	"quantity.milli":    {quantityMilli, "int", "The thousandths of a quantity of Kubernetes such as 0.5 or 250m.", nil},
	"rbac.accounts":     {podAccounts, "list string", "The service accounts that subjects of a role binding name, with their namespaces.", nil},
	"references":        {references, "list string", "Blocks that the values of a map or list refer to.", nil},
	"s3.acl.public":     {publicACL, "bool", "Whether a canned S3 ACL grants something to everyone.", nil},
	"s3.grants":         {bucketGrants, "list object", "What an S3 ACL grants to others than the bucket's owner.", bucketGrantFields},
	"volume.type":       {volumeType, "string", "What kind of volume a pod's volume is: hostPath, secret, emptyDir ...", nil},
	"schedule.hours":    {scheduleHours, "int", "The longest pause between two runs of an AWS schedule, in hours.", nil},
	"secret.lines":      {secretLines, "list string", "Names of secrets that a script holds in clear; never values.", nil},
	"secret.names":      {secretNames, "list string", "Names of variables that hold a secret in clear; never values.", nil},
	"string":            {toString, "string", "A text; numbers and booleans as they are written.", nil},
	"strings":           {toStrings, "list string", "A list of texts, also from a single one.", nil},
	"audit.resources":   {auditResources, "list string", "What a rule of an audit policy is about: secrets, pods/exec, apps:deployments, * for all of the core.", nil},
	"option.list":       {optionList, "list string", "The items of an option that was given with commas, several times, or both.", nil},
	"audit.any":         {auditAny, "bool", "Whether a rule of an audit policy names neither kinds of objects nor paths.", nil},
	"encryption.clear":  {encryptionClear, "bool", "Whether a rule of an encryption configuration writes in clear.", nil},
	"ingress.any":       {ingressAny, "bool", "Whether an ingress answers for any name.", nil},
	"peers.all":         {peersAll, "bool", "Whether a rule of a network policy names nobody, which means everyone.", nil},
	"peers.metadata":    {peersMetadata, "bool", "Whether a rule of a network policy lets pods ask for the credentials of their node.", nil},
	"peers.world":       {peersWorld, "bool", "Whether a rule of a network policy means everyone or all addresses.", nil},
	"secret.written":    {secretWritten, "bool", "Whether a value stands in a Secret.", nil},
	"selector.all":      {selectorAll, "bool", "Whether a network policy binds all pods of its namespace.", nil},
	"storage.encrypted": {storageEncrypted, "bool", "Whether a storage class makes encrypted volumes; absent if it does not say.", nil},
	"sum":               {sum, "int", "The sum of whole numbers.", nil},
	"table.resource":    {tableResource, "string", "What Application Auto Scaling calls a table of this name.", nil},
	"tags":              {tags, "object", "Tags by key, from a map or from a list of Key and Value.", nil},
	"url.bare":          {bareURL, "string", "An address without https:// before it.", nil},
	"time.within":       {timeWithin, "string", "The first time that stands in a text, such as why an instance was stopped.", nil},
	"tls.policy":        {tlsPolicy, "string", "The lowest TLS version that a named policy accepts: 1.0 to 1.3.", nil},
	"version.number":    {versionNumber, "int", "The first version in a text as one number: v1.34.1 is 1034001.", nil},
	"version.runtime":   {versionContainerd, "int", "The version of containerd as one number; absent if another runtime is named.", nil},
}

// ByName returns the decoder that kind files call name.
func ByName(name string) (Decoder, bool) {
	e, ok := table[name]
	return e.decode, ok
}

// Names returns the names of all decoders, sorted.
func Names() []string {
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Makes returns the type of what the named decoder makes: a Field's Type, or "object"; "" if there is no such decoder.
func Makes(name string) string { return table[name].makes }

// Folds tells that the named decoder makes one value of a whole list, rather than one of each element.
func Folds(name string) bool { return name == "sum" }

// Doc returns one sentence on the named decoder; "" if there is no such decoder.
func Doc(name string) string { return table[name].doc }

// Items returns the members of each object in the list that the named decoder makes; nil if it makes something else.
func Items(name string) []Field {
	if items := table[name].items; items != nil {
		return items()
	}
	return nil
}

// from gives made the origin of the raw value it was made from, and the mark of a default.
func from(raw, made value.Value) value.Value {
	if o := raw.Origin(); o != nil {
		made = made.At(o)
	}
	if raw.IsDefault() {
		made = made.AsDefault()
	}
	return made
}

// unreadable is an unknown in place of raw, which is known but not of the form that the decoder reads.
func unreadable(raw value.Value, why string) value.Value {
	return from(raw, value.Unresolved(value.Reason{Why: why}))
}

// hidden returns what stays of an unknown value when it cannot be decoded: its reasons and references, not its text.
func hidden(raw value.Value) value.Value {
	v := value.Unresolved(raw.Reasons()...)
	if refs := raw.Refs(); len(refs) > 0 {
		_, exact := raw.ExactRef()
		v = v.Referring(exact, refs...)
	}
	return from(raw, v)
}

// listOf makes a list that is open when there are reasons why there may be more.
func listOf(raw value.Value, vs []value.Value, more []value.Reason) value.Value {
	list := from(raw, value.List(vs...))
	if len(more) > 0 {
		list = list.Open(distinct(more)...)
	}
	return list
}
