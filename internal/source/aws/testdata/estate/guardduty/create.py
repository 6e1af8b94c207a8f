def create(client):
    features = ["S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION"]
    made = client("guardduty").create_detector(Enable=True, Features=[{"Name": f, "Status": "ENABLED"} for f in features])
    return {"aws.guardduty.detector": {"right": made["DetectorId"]}}
