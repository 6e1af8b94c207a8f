package assessment

// AppendIdentity appends what the id of a finding is a digest of: the first 64 bits of its SHA-256, in hexadecimal. The address is that of the
// resource within its target. It is the same in every assessment.
func AppendIdentity(key []byte, check, target, address string) []byte {
	key = append(append(key, check...), 0)
	key = append(append(key, target...), 0)
	return append(key, address...)
}
