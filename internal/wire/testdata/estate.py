def create(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="ward-plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return {}
