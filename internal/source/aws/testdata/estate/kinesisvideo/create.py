"""Video streams, right and wrong."""


def create(client):
    video = client("kinesisvideo")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    video.create_stream(StreamName="estate-right", KmsKeyId=key, DataRetentionInHours=24)
    video.create_stream(StreamName="estate-wrong", DataRetentionInHours=24)
    return {"aws.kinesisvideo.stream": {"right": "estate-right", "wrong": "estate-wrong"}}
