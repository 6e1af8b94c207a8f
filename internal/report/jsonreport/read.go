package jsonreport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"ward.dev/ward/internal/assessment"
)

// maxSize bounds what Read takes, in bytes.
const maxSize = 512 << 20

// Read reads an assessment that Writer wrote. Fields that this program does not know are left out; another version is
// an error, and so is anything over 512 MiB. Numbers in evidence are kept as they are written.
func Read(r io.Reader) (*assessment.Assessment, error) {
	return read(r, maxSize)
}

func read(r io.Reader, limit int64) (*assessment.Assessment, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the assessment: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("the assessment is larger than %d bytes", limit)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	a := &assessment.Assessment{}
	fault := dec.Decode(a)
	if err := version(b, a.Version, fault); err != nil {
		return nil, err
	}
	fill(a.Findings)
	if rest := bytes.TrimSpace(b[dec.InputOffset():]); len(rest) > 0 {
		return nil, fmt.Errorf("line %d: something follows after the assessment", line(b, len(b)-len(rest)))
	}
	return a, nil
}

// fill gives every finding what is never nil, also where the document says nothing of it.
func fill(findings []assessment.Finding) {
	for i := range findings {
		f := &findings[i]
		if f.Question == nil {
			f.Question = &assessment.Question{}
		}
		if f.Subject == nil {
			f.Subject = &assessment.Subject{}
		}
		f.Evidence = slices.DeleteFunc(f.Evidence, func(e *assessment.Evidence) bool { return e == nil })
	}
}

// version explains a document that could not be decoded or is of another version. The version counts first: a newer one
// may have other types.
func version(b []byte, decoded string, fault error) error {
	found := decoded
	if fault != nil {
		var syntax *json.SyntaxError
		switch {
		case errors.Is(fault, io.EOF):
			return errors.New("the assessment is empty")
		case errors.Is(fault, io.ErrUnexpectedEOF):
			return errors.New("the assessment ends too early: it is cut off")
		case errors.As(fault, &syntax):
			return fmt.Errorf("line %d: not an assessment in JSON: %w", line(b, int(syntax.Offset)), fault)
		}
		var probe struct{ Version any }
		if json.NewDecoder(bytes.NewReader(b)).Decode(&probe) == nil && probe.Version != nil {
			found = fmt.Sprint(probe.Version)
		}
	}
	var wrong *json.UnmarshalTypeError
	var number int
	switch _, err := fmt.Sscanf(found, "%d", &number); {
	case found == assessment.Version && fault == nil:
		return nil
	case found == assessment.Version && errors.As(fault, &wrong):
		return fmt.Errorf("line %d: %s is a JSON %s, which it cannot be", line(b, int(wrong.Offset)), wrong.Field, wrong.Value)
	case found == assessment.Version:
		return fmt.Errorf("not an assessment: %w", fault)
	case found == "":
		return errors.New(`not an assessment: it has no "version"`)
	case err == nil && number > 1:
		return fmt.Errorf("version %.20s is newer than this ward, which reads version %s", found, assessment.Version)
	}
	return fmt.Errorf("version %.20q is not one that this ward reads, which is version %s", found, assessment.Version)
}

func line(b []byte, offset int) int {
	return 1 + bytes.Count(b[:max(0, min(offset, len(b)))], []byte("\n"))
}
