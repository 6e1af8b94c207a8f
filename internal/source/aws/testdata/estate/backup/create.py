def create(client):
    backup = client("backup")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    backup.create_backup_vault(BackupVaultName="estate-right", EncryptionKeyArn=key)
    backup.put_backup_vault_lock_configuration(BackupVaultName="estate-right", MinRetentionDays=35)
    service = "arn:aws:kms:eu-west-1:123456789012:alias/aws/backup"
    backup.create_backup_vault(BackupVaultName="estate-wrong", EncryptionKeyArn=service)
    plans = {}
    for label, schedule, days in (("right", "cron(0 5 * * ? *)", 35), ("wrong", "cron(0 5 ? * SUN *)", 7)):
        rule = {"RuleName": label, "TargetBackupVaultName": "estate-right", "ScheduleExpression": schedule,
                "Lifecycle": {"DeleteAfterDays": days}}
        if label == "right":
            rule["CopyActions"] = [{"DestinationBackupVaultArn": "arn:aws:backup:eu-central-1:123456789012:backup-vault:far"}]
        plans[label] = backup.create_backup_plan(BackupPlan={"BackupPlanName": "estate-" + label, "Rules": [rule]})["BackupPlanArn"]
    return {"aws.backup.vault": {"right": "estate-right", "wrong": "estate-wrong"}, "aws.backup.plan": plans}
