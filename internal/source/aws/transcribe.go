package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/transcribe"
)

// medicalTranscripts are the jobs of Transcribe Medical that it still remembers.
func medicalTranscripts(ctx context.Context, r *region) {
	c := transcribe.NewFromConfig(r.config("transcribe"))
	in := &transcribe.ListMedicalTranscriptionJobsInput{}
	for item := range list(ctx, r, c.ListMedicalTranscriptionJobs, in, "MedicalTranscriptionJobSummaries") {
		address := r.arn("transcribe", "medical-transcription-job/"+text(item, "MedicalTranscriptionJobName"))
		r.resource(address, "ListMedicalTranscriptionJobs", item).add()
	}
}
