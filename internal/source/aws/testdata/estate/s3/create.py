import json


def plain_host(request, **_):
    """The emulator has no host for each account."""
    request.url = request.url.replace("123456789012.", "", 1)


def create(client):
    s3 = client("s3")
    names = {"right": "estate-bucket-right", "wrong": "estate-bucket-wrong"}
    for name in names.values():
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    right, wrong = names["right"], names["wrong"]
    for name, owner in ((right, "BucketOwnerEnforced"), (wrong, "ObjectWriter")):
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": owner}]})
    s3.put_bucket_versioning(Bucket=right, VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(Bucket=right, PublicAccessBlockConfiguration={
        "BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True})
    s3.put_bucket_policy(Bucket=wrong, Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{wrong}/*"}]}))
    points = client("s3control")
    points.meta.events.register("before-sign.s3-control", plain_host)
    for label, more in (("right", {"VpcConfiguration": {"VpcId": "vpc-1"}}), ("wrong", {"PublicAccessBlockConfiguration": {
            "BlockPublicAcls": False, "BlockPublicPolicy": False, "IgnorePublicAcls": False, "RestrictPublicBuckets": False}})):
        points.create_access_point(AccountId="123456789012", Name="estate-point-" + label, Bucket=right, **more)
    return {"aws.s3.bucket": names, "aws.s3.access_point": {"right": "estate-point-right", "wrong": "estate-point-wrong"}}
