package aws

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"ward.dev/ward/internal/value"
)

// backupPage is how much of a list of AWS Backup is asked for at once.
const backupPage = 1000

func backupVaults(ctx context.Context, r *region) {
	c := backup.NewFromConfig(r.config("backup"))
	each(ctx, r, list(ctx, r, c.ListBackupVaults,
		&backup.ListBackupVaultsInput{MaxResults: aws.Int32(backupPage)}, "BackupVaultList"), func(item value.Value) {
		arn, name := text(item, "BackupVaultArn"), text(item, "BackupVaultName")
		b := r.resource(arn, "ListBackupVaults", item)
		ask(ctx, b, c.GetBackupVaultAccessPolicy,
			&backup.GetBackupVaultAccessPolicyInput{BackupVaultName: &name}, none("ResourceNotFoundException"))
		ask(ctx, b, c.ListTags, &backup.ListTagsInput{ResourceArn: &arn})
		b.add()
	})
}

// recoveryPoints are what the vaults of a region hold.
func recoveryPoints(ctx context.Context, r *region) {
	c := backup.NewFromConfig(r.config("backup"))
	each(ctx, r, list(ctx, r, c.ListBackupVaults,
		&backup.ListBackupVaultsInput{MaxResults: aws.Int32(backupPage)}, "BackupVaultList"), func(vault value.Value) {
		in := &backup.ListRecoveryPointsByBackupVaultInput{BackupVaultName: aws.String(text(vault, "BackupVaultName")),
			MaxResults: aws.Int32(backupPage)}
		for item := range list(ctx, r, c.ListRecoveryPointsByBackupVault, in, "RecoveryPoints") {
			// A recovery point may have the ARN of the snapshot that it is, so it gets an address of its own.
			r.resource(text(vault, "BackupVaultArn")+"/"+text(item, "RecoveryPointArn"), "ListRecoveryPointsByBackupVault", item).add()
		}
	})
}

func backupPlans(ctx context.Context, r *region) {
	c := backup.NewFromConfig(r.config("backup"))
	each(ctx, r, listBackupPlans(ctx, r, c), func(item value.Value) {
		arn, id := text(item, "BackupPlanArn"), text(item, "BackupPlanId")
		b := r.resource(arn, "ListBackupPlans", item)
		ask(ctx, b, c.GetBackupPlan, &backup.GetBackupPlanInput{BackupPlanId: &id})
		ask(ctx, b, c.ListTags, &backup.ListTagsInput{ResourceArn: &arn})
		b.add()
	})
}

func listBackupPlans(ctx context.Context, r *region, c *backup.Client) func(func(value.Value) bool) {
	return list(ctx, r, c.ListBackupPlans, &backup.ListBackupPlansInput{MaxResults: aws.Int32(backupPage)}, "BackupPlansList")
}

// backupSelections are what the plans of a region protect.
func backupSelections(ctx context.Context, r *region) {
	c := backup.NewFromConfig(r.config("backup"))
	each(ctx, r, listBackupPlans(ctx, r, c), func(plan value.Value) {
		id := aws.String(text(plan, "BackupPlanId"))
		in := &backup.ListBackupSelectionsInput{BackupPlanId: id, MaxResults: aws.Int32(backupPage)}
		for item := range list(ctx, r, c.ListBackupSelections, in, "BackupSelectionsList") {
			selection := text(item, "SelectionId")
			b := r.resource(text(plan, "BackupPlanArn")+"/selection/"+selection, "ListBackupSelections", item)
			ask(ctx, b, c.GetBackupSelection, &backup.GetBackupSelectionInput{BackupPlanId: id, SelectionId: &selection})
			b.add()
		}
	})
}

func restoreTestingPlans(ctx context.Context, r *region) {
	c := backup.NewFromConfig(r.config("backup"))
	in := &backup.ListRestoreTestingPlansInput{MaxResults: aws.Int32(backupPage)}
	each(ctx, r, list(ctx, r, c.ListRestoreTestingPlans, in, "RestoreTestingPlans"), func(item value.Value) {
		arn, name := text(item, "RestoreTestingPlanArn"), text(item, "RestoreTestingPlanName")
		b := r.resource(arn, "ListRestoreTestingPlans", item)
		askAll(ctx, b, c.ListRestoreTestingSelections,
			&backup.ListRestoreTestingSelectionsInput{RestoreTestingPlanName: &name}, "RestoreTestingSelections")
		ask(ctx, b, c.ListTags, &backup.ListTagsInput{ResourceArn: &arn})
		b.add()
	})
}

// jobHistory is how far back jobs are asked for.
const jobHistory = 35 * 24 * time.Hour

// protectedResources are what AWS Backup has ever saved, each with the job that ended last.
func protectedResources(ctx context.Context, r *region) {
	c := backup.NewFromConfig(r.config("backup"))
	all := slices.Collect(list(ctx, r, c.ListProtectedResources,
		&backup.ListProtectedResourcesInput{MaxResults: aws.Int32(backupPage)}, "Results"))
	if len(all) == 0 {
		return
	}
	last, others := lastJobs(ctx, r, c)
	for _, item := range all {
		arn := text(item, "ResourceArn")
		b := r.resource(r.arn("backup", "protected/"+arn), "ListProtectedResources", item)
		b.keep("ListBackupJobs", others)
		if job, ok := last[arn]; ok {
			b.keep("ListBackupJobs", job)
		}
		b.add()
	}
}

// lastJobs are the jobs that ended last, by the resource that they saved. What is told of other resources is none, or
// unknown if not all jobs could be read.
func lastJobs(ctx context.Context, r *region, c *backup.Client) (last map[string]value.Value, others value.Value) {
	last = map[string]value.Value{}
	in := &backup.ListBackupJobsInput{ByCreatedAfter: aws.Time(time.Now().Add(-jobHistory)), MaxResults: aws.Int32(backupPage)}
	for job, err := range pages(ctx, r, c.ListBackupJobs, in, "BackupJobs") {
		if err != nil { // a later job may be among those that were not read
			return nil, r.told(value.Value{}, "backup", "ListBackupJobs", err, nil)
		}
		if arn := text(job, "ResourceArn"); ended(job) && text(job, "CreationDate") >= text(last[arn], "CreationDate") {
			last[arn] = job
		}
	}
	return last, value.None().At(r.origin("backup", "ListBackupJobs"))
}

// ended tells that a job does not run any more.
func ended(job value.Value) bool {
	switch types.BackupJobState(text(job, "State")) {
	case types.BackupJobStateCreated, types.BackupJobStatePending, types.BackupJobStateRunning, types.BackupJobStateAborting:
		return false
	}
	return true
}

// restoreHistory is how far back restores are asked for.
const restoreHistory = 400 * 24 * time.Hour

// restoreJobs are what was restored, by people and by testing plans.
func restoreJobs(ctx context.Context, r *region) {
	c := backup.NewFromConfig(r.config("backup"))
	in := &backup.ListRestoreJobsInput{ByCreatedAfter: aws.Time(time.Now().Add(-restoreHistory)), MaxResults: aws.Int32(backupPage)}
	for item := range list(ctx, r, c.ListRestoreJobs, in, "RestoreJobs") {
		r.resource(r.arn("backup", "restore-job/"+text(item, "RestoreJobId")), "ListRestoreJobs", item).add()
	}
}

// backupAccount is what is asked of AWS Backup as a whole: it has no reply of its own.
func backupAccount(_ context.Context, r *region) {
	r.resource(r.arn("backup", "account"), "Account", value.String(r.account.ID)).add()
}
