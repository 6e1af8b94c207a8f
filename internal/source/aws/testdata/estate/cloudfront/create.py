def web(policy, versions):
    return {"Id": "web", "DomainName": "origin.estate.example", "CustomOriginConfig": {
        "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": policy,
        "OriginSslProtocols": {"Quantity": len(versions), "Items": versions}}}


def create(client):
    cloudfront = client("cloudfront")

    def distribution(comment, origins, viewers, **settings):
        made = cloudfront.create_distribution(DistributionConfig={
            "CallerReference": comment, "Comment": comment, "Enabled": True, "Origins": {"Quantity": len(origins), "Items": origins},
            "DefaultCacheBehavior": {"TargetOriginId": "web", "ViewerProtocolPolicy": viewers, "MinTTL": 0,
                                     "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}, **settings})
        return made["Distribution"]["Id"]

    right = distribution(
        "estate-distribution-right", [web("https-only", ["TLSv1.2"])], "https-only",
        Aliases={"Quantity": 1, "Items": ["estate.example"]}, WebACLId="arn:aws:wafv2:us-east-1:123456789012:global/webacl/estate/1",
        ViewerCertificate={"ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
                           "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"},
        Logging={"Enabled": True, "IncludeCookies": False, "Bucket": "estate-logs.s3.amazonaws.com", "Prefix": ""})
    bucket = {"Id": "bucket", "DomainName": "estate-site.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    wrong = distribution("estate-distribution-wrong", [web("http-only", ["TLSv1"]), bucket], "allow-all")
    return {"aws.cloudfront.distribution": {"right": right, "wrong": wrong}}
