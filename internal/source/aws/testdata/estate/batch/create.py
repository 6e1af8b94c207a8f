def create(client):
    c = client("batch")
    common = {"image": "chart@sha256:" + "0" * 64, "command": ["run"],
              "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]}
    c.register_job_definition(jobDefinitionName="chart-right", type="container", containerProperties={
        **common, "privileged": False, "environment": [{"name": "STAGE", "value": "prod"}]})
    c.register_job_definition(jobDefinitionName="chart-wrong", type="container", containerProperties={
        **common, "privileged": True, "environment": [{"name": "DB_PASSWORD", "value": "planted-hunter2"}]})
    return {"aws.batch.job_definition": {"right": "chart-right", "wrong": "chart-wrong"}}
